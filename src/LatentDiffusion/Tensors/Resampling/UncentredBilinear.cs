using static TorchSharp.torch;

namespace LatentDiffusion.Tensors.Resampling;

/// <summary>
/// Bilinear resizing as TensorFlow 1 does it: output pixel i is read at i * input / output, without the half pixel that
/// centres both grids, and without a wider kernel when shrinking. Networks that learned behind it expect just that.
/// </summary>
public static class UncentredBilinear
{
    /// <summary>Resizes images; gradients pass.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="height">Output height in pixels, at least 1.</param>
    /// <param name="width">Output width in pixels, at least 1.</param>
    /// <returns>[B, C, <paramref name="height"/>, <paramref name="width"/>].</returns>
    public static Tensor Resize(Tensor images, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        using var scope = NewDisposeScope();
        return Along(Along(images, 3, width), 2, height).MoveToOuterDisposeScope();
    }

    private static Tensor Along(Tensor images, int dimension, int output)
    {
        var input = images.shape[dimension];
        if (input == output)
        {
            return images.alias();
        }

        // In float32, as the original computes positions.
        var step = input / (float)output;
        var (lower, upper, shares) = (new long[output], new long[output], new float[output]);
        for (var i = 0; i < output; i++)
        {
            var position = i * step;
            lower[i] = (long)position;
            upper[i] = Math.Min(lower[i] + 1, input - 1);
            shares[i] = position - lower[i];
        }

        using var scope = NewDisposeScope();
        long[] shape = [1, 1, 1, 1];
        shape[dimension] = output;
        var from = images.index_select(dimension, tensor(lower));
        var to = images.index_select(dimension, tensor(upper));
        var share = tensor(shares, shape).to(images.dtype);
        return from.Plus(to.sub(from).mul(share)).MoveToOuterDisposeScope();
    }
}
