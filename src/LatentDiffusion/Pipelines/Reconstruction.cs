using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>An image before and after a first stage.</summary>
/// <param name="Name">Names the image to a person.</param>
/// <param name="Input">What went in.</param>
/// <param name="Output">What came out, of the same size.</param>
public sealed record ReconstructionPair(string Name, RgbImage Input, RgbImage Output);

/// <summary>Sends images through a first stage and back, by their most likely latents.</summary>
/// <param name="firstStage">The first stage; used by one thread at a time.</param>
public sealed class Reconstruction(FirstStage firstStage)
{
    /// <summary>Reconstructs images of one size together.</summary>
    /// <param name="images">At least one; both sides multiples of the downsampling factor.</param>
    public IReadOnlyList<RgbImage> Reconstruct(IReadOnlyList<RgbImage> images)
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var latents = firstStage.ModeOfLatents(firstStage.Encode(ImageTensors.FromImages(images)));
        return ImageTensors.ToImages(firstStage.Decode(latents));
    }

    /// <summary>Reconstructs images of a data set in small batches, as the result is read.</summary>
    /// <param name="dataset">The images, of a size that is a multiple of the downsampling factor.</param>
    /// <param name="indices">Which of them.</param>
    /// <exception cref="LatentDiffusion.Errors.UserInputException">An image cannot be read or decoded.</exception>
    public IEnumerable<ReconstructionPair> Reconstruct(ImageDataset dataset, IEnumerable<int> indices)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var inputs = indices.Select(i => (dataset.Source.Describe(i).Name, Image: dataset.GetImage(i)));
        foreach (var batch in ImageBatches.OfOneSize(inputs, input => input.Image))
        {
            var outputs = Reconstruct([.. batch.Select(input => input.Image)]);
            foreach (var ((name, image), output) in batch.Zip(outputs))
            {
                yield return new ReconstructionPair(name, image, output);
            }
        }
    }
}
