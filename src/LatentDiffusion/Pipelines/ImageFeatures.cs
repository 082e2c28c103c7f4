using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// The feature vectors of a set of images, image by image. Images are taken as 8 bits, so that samples read back from files
/// measure the same.
/// </summary>
/// <param name="network">Makes the vectors; used by one thread at a time, not disposed.</param>
public sealed class ImageFeatures(IFeatureNetwork network)
{
    private readonly List<double> _values = [];

    /// <summary>How many images were added.</summary>
    public int Count => _values.Count / network.EmbeddingSize;

    /// <summary>The network's name.</summary>
    public string Network => network.Name;

    /// <summary>Adds images; neighbours of one size are computed together.</summary>
    /// <param name="images">The images.</param>
    /// <param name="added">Told after every few, with the count so far.</param>
    public void Add(IEnumerable<RgbImage> images, Action<int>? added = null)
    {
        foreach (var batch in ImageBatches.OfOneSize(images, image => image))
        {
            using var inference = no_grad();
            using var scope = NewDisposeScope();
            var vectors = network.Embed(ImageTensors.FromImages(batch)).to(float64, CPU).contiguous();
            _values.AddRange(vectors.data<double>().ToArray());
            added?.Invoke(Count);
        }
    }

    /// <summary>All vectors, [<see cref="Count"/>, D] in float64, owned by the caller.</summary>
    public Tensor ToTensor() => tensor(_values.ToArray(), [Count, network.EmbeddingSize]);

    /// <summary>Their mean and covariance.</summary>
    /// <exception cref="Errors.UserInputException">There are fewer than two.</exception>
    public FeatureMoments ToMoments()
    {
        using var vectors = ToTensor();
        using var statistics = new FeatureStatistics(network.EmbeddingSize);
        statistics.Add(vectors);
        return statistics.ToMoments();
    }
}
