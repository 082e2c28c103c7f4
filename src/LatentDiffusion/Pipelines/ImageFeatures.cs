using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// What a feature network says of a set of images, image by image and each seen once. Images are taken as 8 bits, so that
/// samples read back from files measure the same.
/// </summary>
public sealed class ImageFeatures
{
    private const int MostImages = 64;
    private const int MostPixels = 1 << 19;
    private const int SliceRows = 1024;

    private readonly IFeatureNetwork _network;
    private readonly FeatureRows _embeddings;
    private readonly FeatureRows? _logits;
    private readonly SpatialStatistics? _spatial;

    /// <summary>Features of no images yet.</summary>
    /// <param name="network">Makes the features; used by one thread at a time, not disposed.</param>
    public ImageFeatures(IFeatureNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _network = network;
        _embeddings = new FeatureRows(network.EmbeddingSize);
        _logits = network is IClassProbabilities classes ? new FeatureRows(classes.ClassCount) : null;
        _spatial = network is ISpatialFeatures spatial ? new SpatialStatistics(spatial.SpatialSize) : null;
    }

    /// <summary>Features that were made before.</summary>
    /// <param name="network">What made them.</param>
    /// <param name="embeddings">[N, D]; borrowed.</param>
    /// <param name="spatial">Of the same images, if the network has spatial features.</param>
    /// <param name="logits">[N, classes], if the network has classes; borrowed.</param>
    internal ImageFeatures(IFeatureNetwork network, Tensor embeddings, FeatureMoments? spatial, Tensor? logits)
        : this(network)
    {
        _embeddings.Add(embeddings);
        _spatial = spatial is null ? null : SpatialStatistics.Of(spatial);
        if (logits is not null)
        {
            _logits!.Add(logits);
        }
    }

    /// <summary>How many images were added.</summary>
    public int Count => _embeddings.Count;

    /// <summary>The network's name.</summary>
    public string Network => _network.Name;

    /// <summary>Adds images; neighbours of one size are computed together.</summary>
    /// <param name="images">The images.</param>
    /// <param name="added">Told after every few, with the count so far.</param>
    public void Add(IEnumerable<RgbImage> images, Action<int>? added = null)
    {
        // A network that brings images to a size of its own needs the memory of that size.
        var fitting = _network.InputSize is { } side ? Math.Max(1, MostPixels / (side * side)) : MostImages;
        foreach (var batch in ImageBatches.OfOneSize(images, image => image, Math.Min(MostImages, fitting), MostPixels))
        {
            using var inference = no_grad();
            using var scope = NewDisposeScope();
            var reading = _network.Read(ImageTensors.FromImages(batch));
            _embeddings.Add(reading.Embedding);
            if (reading.Logits is { } logits)
            {
                _logits?.Add(logits);
            }

            if (reading.Spatial is { } spatial)
            {
                _spatial?.Add(spatial);
            }

            added?.Invoke(Count);
        }
    }

    /// <summary>All vectors, [<see cref="Count"/>, D] in float64, owned by the caller.</summary>
    public Tensor ToTensor() => _embeddings.ToTensor(float64);

    /// <summary>Logits of all images, [<see cref="Count"/>, classes] in float32, owned by the caller.</summary>
    /// <returns>Null where the network knows no classes.</returns>
    public Tensor? ToLogits() => _logits?.ToTensor(float32);

    /// <summary>The vectors' mean and covariance.</summary>
    /// <exception cref="Errors.UserInputException">There are fewer than two.</exception>
    public FeatureMoments ToMoments()
    {
        using var scope = NewDisposeScope();
        using var statistics = new FeatureStatistics(_network.EmbeddingSize);
        foreach (var slice in Count == 0 ? [] : _embeddings.ToTensor(float32).split(SliceRows, dim: 0))
        {
            statistics.Add(slice);
        }

        return statistics.ToMoments();
    }

    /// <summary>Mean and covariance of the spatial features.</summary>
    /// <returns>Null where the network has none.</returns>
    /// <exception cref="Errors.UserInputException">There are fewer than two images.</exception>
    public FeatureMoments? ToSpatialMoments() => _spatial?.ToMoments();

    /// <summary>All vectors as they are kept, [<see cref="Count"/>, D] in float32, owned by the caller.</summary>
    internal Tensor ToSingles() => _embeddings.ToTensor(float32);
}
