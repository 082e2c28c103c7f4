using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Sends the images of a data set through an encoder, each once.</summary>
internal static class ImageEncoding
{
    private const int BatchSize = 64;

    /// <summary>What the encoder says about images as they look in the first epoch.</summary>
    /// <param name="firstStage">The frozen first stage.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="indices">Which of them, at least one.</param>
    /// <param name="report">Told how many are done.</param>
    /// <returns>[indices, K, h, w]; it belongs to no dispose scope.</returns>
    public static Tensor Encode(
        FirstStage firstStage,
        ImageDataset dataset,
        IEnumerable<int> indices,
        Action<int> report
    )
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        List<Tensor> parts = [];
        var done = 0;
        foreach (var batch in indices.Chunk(BatchSize))
        {
            using var batchScope = NewDisposeScope();
            var size = dataset.Transform.Size;
            var pixels = new float[batch.Length * 3 * size * size];
            Parallel.For(
                0,
                batch.Length,
                i =>
                    PixelRange.ToFloats(
                        dataset.Get(epoch: 0, batch[i]).Pixels,
                        pixels.AsSpan(i * 3 * size * size, 3 * size * size)
                    )
            );
            var images = ImageTensors.FromPlanar(pixels, batch.Length, size, size);
            parts.Add(firstStage.Encode(images).MoveToOuterDisposeScope());
            report(done += batch.Length);
        }

        return cat(parts).DetachFromDisposeScope();
    }
}
