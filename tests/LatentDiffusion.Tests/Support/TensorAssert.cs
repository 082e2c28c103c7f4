using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Assertions on tensors that say where and by how much two of them differ.</summary>
internal static class TensorAssert
{
    /// <summary>
    /// Shape, every element, and the sum agree with the reference's, to <paramref name="relativeToMax"/> of the largest
    /// element (the sum: of the sum of absolute values).
    /// </summary>
    public static void Close(torch.Tensor actual, GoldenTensor expected, double relativeToMax = 1e-5)
    {
        Assert.Equal(expected.Shape, actual.shape);
        var values = Values(actual);
        Close(values, expected.Data, actual.shape, relativeToMax);
        Assert.Equal(expected.Sum, values.Sum(), relativeToMax * expected.Abssum);
        Assert.Equal(expected.Abssum, values.Sum(Math.Abs), relativeToMax * expected.Abssum);
    }

    /// <summary>Shape and every element agree, to <paramref name="relativeToMax"/> of the largest element.</summary>
    public static void Close(torch.Tensor actual, torch.Tensor expected, double relativeToMax = 1e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        Close(Values(actual), Values(expected), actual.shape, relativeToMax);
    }

    /// <summary>Every element agrees, to <paramref name="relativeToMax"/> of the largest one.</summary>
    public static void Close(torch.Tensor actual, double[] expected, double relativeToMax = 1e-5) =>
        Close(Values(actual), expected, actual.shape, relativeToMax);

    /// <summary>Shape and every bit agree.</summary>
    public static void Equal(torch.Tensor actual, torch.Tensor expected)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(Values(expected), Values(actual));
    }

    /// <summary>The elements of a tensor of any number type, row-major.</summary>
    public static double[] Values(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().to(torch.float64).cpu().contiguous().data<double>().ToArray();
    }

    private static void Close(double[] actual, double[] expected, long[] shape, double relativeToMax)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        var (difference, at) = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Select((d, i) => (d, i)).MaxBy(Rank);
        Assert.True(
            difference <= relativeToMax * largest,
            $"Largest difference {difference:g3} at [{string.Join(", ", Position(at, shape))}]: "
                + $"{actual[at]:g9} instead of {expected[at]:g9}; "
                + $"allowed are {relativeToMax:g3} of the largest element, {largest:g6}."
        );
    }

    // NaN is the worst difference of all, but compares as the smallest.
    private static double Rank((double Difference, int Index) entry) =>
        double.IsNaN(entry.Difference) ? double.PositiveInfinity : entry.Difference;

    private static long[] Position(long flat, long[] shape)
    {
        var position = new long[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            (flat, position[axis]) = Math.DivRem(flat, shape[axis]);
        }

        return position;
    }
}
