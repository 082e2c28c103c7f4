using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>An image before and after a first stage.</summary>
/// <param name="Name">Names the image to a person.</param>
/// <param name="Input">What went in.</param>
/// <param name="Output">What came out, of the same size.</param>
public sealed record ReconstructionPair(string Name, RgbImage Input, RgbImage Output);

/// <summary>Sends images through a first stage and back, by their most likely latents; large ones in tiles.</summary>
/// <param name="firstStage">The first stage; used by one thread at a time.</param>
/// <param name="tileSize">See <see cref="TiledFirstStage"/>.</param>
public sealed class Reconstruction(FirstStage firstStage, int tileSize = TiledFirstStage.DefaultTileSize)
{
    private readonly TiledFirstStage _tiled = new(firstStage, tileSize);

    /// <summary>Reconstructs images of one size together.</summary>
    /// <param name="images">At least one; both sides multiples of the downsampling factor.</param>
    public IReadOnlyList<RgbImage> Reconstruct(IReadOnlyList<RgbImage> images)
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        return ImageTensors.ToImages(_tiled.Decode(_tiled.EncodeMode(ImageTensors.FromImages(images))));
    }

    /// <summary>Reconstructs images of a data set in small batches, as the result is read.</summary>
    /// <param name="dataset">The images, of a size that is a multiple of the downsampling factor.</param>
    /// <param name="indices">Which of them.</param>
    /// <exception cref="UserInputException">An image cannot be read or decoded.</exception>
    public IEnumerable<ReconstructionPair> Reconstruct(ImageDataset dataset, IEnumerable<int> indices)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return Reconstruct(indices.Select(i => (dataset.Source.Describe(i).Name, dataset.GetImage(i))));
    }

    /// <summary>
    /// Reconstructs images as they are, but for rows and columns at the end that are too many for a multiple.
    /// </summary>
    /// <param name="source">The images.</param>
    /// <param name="indices">Which of them.</param>
    /// <param name="multiple">
    /// What divides the sides of what is left, such as <see cref="CommonMultiple"/>; null for the downsampling factor.
    /// </param>
    /// <exception cref="UserInputException">An image cannot be read or decoded, or is too small.</exception>
    public IEnumerable<ReconstructionPair> Reconstruct(
        IImageSource source,
        IEnumerable<int> indices,
        int? multiple = null
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        var side = multiple ?? firstStage.DownsamplingFactor;
        return Reconstruct(indices.Select(i => (source.Describe(i).Name, Read(source, i, side))));
    }

    private IEnumerable<ReconstructionPair> Reconstruct(IEnumerable<(string Name, RgbImage Image)> inputs)
    {
        foreach (var batch in ImageBatches.OfOneSize(inputs, input => input.Image))
        {
            var outputs = Reconstruct([.. batch.Select(input => input.Image)]);
            foreach (var ((name, image), output) in batch.Zip(outputs))
            {
                yield return new ReconstructionPair(name, image, output);
            }
        }
    }

    private static RgbImage Read(IImageSource source, int index, int multiple)
    {
        var name = source.Describe(index).Name;
        var image = ImageDecoder.Decode(source.Read(index), name);
        return image.Width >= multiple && image.Height >= multiple
            ? image.Crop(0, 0, image.Width / multiple * multiple, image.Height / multiple * multiple)
            : throw new UserInputException(
                $"Image \"{name}\" is {image.Width}x{image.Height}, smaller than {multiple}x{multiple}, as "
                    + "downsampling needs."
            );
    }
}
