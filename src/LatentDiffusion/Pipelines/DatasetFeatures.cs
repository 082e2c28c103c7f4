using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Features of images that are read while they are needed: the memory for images does not grow with their number, nor
/// does that for features beyond <see cref="ImageFeatures.MostKept"/>.
/// </summary>
public static class DatasetFeatures
{
    private const int MostAtOnce = 64;
    private const int PixelsAtOnce = 1 << 24;

    /// <summary>Reads, resizes and embeds images, a batch at a time.</summary>
    /// <remarks>
    /// Images are read on all cores between the network's batches rather than beside them: the network itself uses all cores,
    /// and nothing is gained where the disk is not what one waits for.
    /// </remarks>
    /// <param name="network">Makes the features.</param>
    /// <param name="dataset">The images and their size.</param>
    /// <param name="indices">Which of them.</param>
    /// <param name="added">Told after every few, with the count so far.</param>
    /// <exception cref="Errors.UserInputException">An image cannot be read.</exception>
    public static ImageFeatures Of(
        IFeatureNetwork network,
        ImageDataset dataset,
        IReadOnlyList<int> indices,
        Action<int>? added = null
    )
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(indices);
        var features = new ImageFeatures(network, indices.Count);
        var atOnce = Math.Clamp(PixelsAtOnce / (dataset.Size * dataset.Size), 2, MostAtOnce);
        features.Add(indices.Chunk(atOnce).SelectMany(some => Read(dataset, some)), added);
        return features;
    }

    private static RgbImage[] Read(ImageDataset dataset, int[] indices) =>
        Task.WhenAll(indices.Select(index => Task.Run(() => dataset.GetImage(index)))).GetAwaiter().GetResult();
}
