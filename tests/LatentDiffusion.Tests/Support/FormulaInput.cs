using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>The inputs of the reference's results: smooth waves instead of random numbers.</summary>
internal static class FormulaInput
{
    /// <summary>A float32 tensor whose element i, row-major, is f(w (i+1)).</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="w">Radians per element.</param>
    /// <param name="f">The wave; the sine when null.</param>
    public static torch.Tensor X(ReadOnlySpan<long> shape, double w = 0.13, Func<double, double>? f = null)
    {
        f ??= Math.Sin;
        var values = new float[TensorLength(shape)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)f(w * (i + 1));
        }

        return torch.tensor(values, shape);
    }

    private static long TensorLength(ReadOnlySpan<long> shape)
    {
        var length = 1L;
        foreach (var size in shape)
        {
            length *= size;
        }

        return length;
    }
}
