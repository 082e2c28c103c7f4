using LatentDiffusion.Imaging;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>Between plain images and batches of tensors in [-1, 1].</summary>
public static class ImageTensors
{
    /// <summary>A batch from planar floats, copied.</summary>
    /// <param name="pixels">[count, 3, size, size] in [-1, 1].</param>
    /// <param name="count">Number of images.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <returns>[count, 3, height, width].</returns>
    public static Tensor FromPlanar(float[] pixels, int count, int height, int width) =>
        tensor(pixels, [count, 3, height, width]);

    /// <summary>A batch of one.</summary>
    /// <returns>[1, 3, H, W] in [-1, 1].</returns>
    public static Tensor FromImage(RgbImage image) => FromImages([image]);

    /// <summary>A batch of images of one size.</summary>
    /// <param name="images">At least one.</param>
    /// <returns>[B, 3, H, W] in [-1, 1].</returns>
    /// <exception cref="ArgumentException">The images differ in size.</exception>
    public static Tensor FromImages(IReadOnlyList<RgbImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count, nameof(images));
        var (width, height) = (images[0].Width, images[0].Height);
        if (images.Any(image => image.Width != width || image.Height != height))
        {
            throw new ArgumentException("A batch takes images of one size.", nameof(images));
        }

        // Straight into the tensor's memory: arrays of this size would each wait for a full garbage collection.
        var batch = TensorMemory.Empty(images.Count, 3, height, width);
        var size = images[0].Pixels.Length;
        Parallel.For(0, images.Count, i => PixelRange.ToFloats(images[i].ToPlanar(), PixelsOf(batch, i, size)));
        GC.KeepAlive(batch);
        return batch;
    }

    /// <summary>The images of a batch, clamped and truncated to 8 bits as the reference does.</summary>
    /// <param name="batch">[B, 3, H, W] in [-1, 1].</param>
    public static IReadOnlyList<RgbImage> ToImages(Tensor batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        var (height, width) = ((int)batch.shape[2], (int)batch.shape[3]);
        var pixels = batch.detach().cpu().contiguous().data<float>().ToArray();
        var size = 3 * height * width;
        return
        [
            .. Enumerable
                .Range(0, (int)batch.shape[0])
                .Select(i => PixelRange.ToImage(pixels.AsSpan(i * size, size), width, height)),
        ];
    }

    private static unsafe Span<float> PixelsOf(Tensor batch, int image, int size) =>
        new(TensorMemory.Floats(batch) + (long)image * size, size);
}
