using LatentDiffusion.Data;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines;

/// <summary>Features of images that are read while they are needed: the memory for images does not grow with their number.</summary>
public static class DatasetFeatures
{
    private const int MostAhead = 128;
    private const int PixelsAhead = 1 << 24;

    /// <summary>Reads, resizes and embeds images; reading and resizing happen on other threads, ahead of the network.</summary>
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
        var features = new ImageFeatures(network);
        var ahead = Math.Clamp(PixelsAhead / (dataset.Size * dataset.Size), 2, MostAhead);
        features.Add(ReadAhead.InOrder(indices, dataset.GetImage, ahead), added);
        return features;
    }
}
