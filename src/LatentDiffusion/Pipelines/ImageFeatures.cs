using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// What a feature network says of a set of images, image by image and each seen once. Images are taken as 8 bits, so
/// that samples read back from files measure the same. Moments are those of all images; of large sets the vectors of
/// some are kept.
/// </summary>
public sealed class ImageFeatures
{
    /// <summary>The most images whose vectors are kept where it is known how many will come.</summary>
    public const int MostKept = 50_000;

    private const int MostImages = 64;
    private const int MostPixels = 1 << 19;

    private readonly IFeatureNetwork _network;
    private readonly EvenlyKept? _kept;
    private readonly FeatureRows _embeddings;
    private readonly FeatureRows? _logits;
    private readonly RunningMoments _moments;
    private readonly RunningMoments? _spatial;

    /// <summary>Features of no images yet.</summary>
    /// <param name="network">Makes the features; used by one thread at a time, not disposed.</param>
    /// <param name="expected">
    /// How many images will be added. Where they are more than <see cref="MostKept"/>, the vectors of so many are kept,
    /// evenly spaced. Null: the vectors of all images are kept.
    /// </param>
    public ImageFeatures(IFeatureNetwork network, int? expected = null)
        : this(network, expected, MostKept) { }

    /// <summary>The same with another limit.</summary>
    internal ImageFeatures(IFeatureNetwork network, int? expected, int mostKept)
    {
        ArgumentNullException.ThrowIfNull(network);
        _network = network;
        _kept = expected is { } count && count > mostKept ? new EvenlyKept(count, mostKept) : null;
        _embeddings = new FeatureRows(network.EmbeddingSize);
        _logits = network is IClassProbabilities classes ? new FeatureRows(classes.ClassCount) : null;
        _moments = new RunningMoments(network.EmbeddingSize);
        _spatial = network is ISpatialFeatures spatial ? new RunningMoments(spatial.SpatialSize) : null;
    }

    /// <summary>Features that were made before; no more are added.</summary>
    /// <param name="network">What made them.</param>
    /// <param name="embeddings">[N, D], of the images whose vectors were kept; borrowed.</param>
    /// <param name="moments">Of the vectors of all images.</param>
    /// <param name="spatial">Of the same images, if the network has spatial features.</param>
    /// <param name="logits">[N, classes], if the network has classes; borrowed.</param>
    internal ImageFeatures(
        IFeatureNetwork network,
        Tensor embeddings,
        FeatureMoments moments,
        FeatureMoments? spatial,
        Tensor? logits
    )
        : this(network)
    {
        Count = (int)moments.Count;
        _embeddings.Add(embeddings);
        _moments = RunningMoments.Of(moments);
        _spatial = spatial is null ? null : RunningMoments.Of(spatial);
        if (logits is not null)
        {
            _logits!.Add(logits);
        }
    }

    /// <summary>How many images were added.</summary>
    public int Count { get; private set; }

    /// <summary>Of how many images the vectors are kept.</summary>
    public int KeptCount => _embeddings.Count;

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
            Count += batch.Count;
            Keep(reading, batch.Count);
            _moments.Add(reading.Embedding);
            if (reading.Spatial is { } spatial)
            {
                _spatial?.Add(spatial);
            }

            added?.Invoke(Count);
        }
    }

    /// <summary>The kept vectors, [<see cref="KeptCount"/>, D] in float64, owned by the caller.</summary>
    public Tensor ToTensor() => _embeddings.ToTensor(float64);

    /// <summary>Their logits, [<see cref="KeptCount"/>, classes] in float32, owned by the caller.</summary>
    /// <returns>Null where the network knows no classes.</returns>
    public Tensor? ToLogits() => _logits?.ToTensor(float32);

    /// <summary>Mean and covariance of the vectors of all images.</summary>
    /// <exception cref="Errors.UserInputException">There are fewer than two.</exception>
    public FeatureMoments ToMoments() => _moments.ToMoments();

    /// <summary>Mean and covariance of the spatial features of all images.</summary>
    /// <returns>Null where the network has none.</returns>
    /// <exception cref="Errors.UserInputException">There are fewer than two images.</exception>
    public FeatureMoments? ToSpatialMoments() => _spatial?.ToMoments();

    /// <summary>The vectors as they are kept, [<see cref="KeptCount"/>, D] in float32, owned by the caller.</summary>
    internal Tensor ToSingles() => _embeddings.ToTensor(float32);

    /// <summary>No more than so many of the kept vectors, evenly spaced, in float32; owned by the caller.</summary>
    internal Tensor ToSingles(int most) => _embeddings.Pick(EvenlySpaced.Indices(KeptCount, most));

    // Called within the dispose scope of the batch.
    private void Keep(FeatureReading reading, int count)
    {
        var chosen = _kept?.Next(count);
        if (chosen?.Length == 0)
        {
            return;
        }

        _embeddings.Add(Chosen(reading.Embedding));
        if (reading.Logits is { } logits)
        {
            _logits?.Add(Chosen(logits));
        }

        Tensor Chosen(Tensor all) => chosen is null ? all : all.index_select(0, tensor(chosen));
    }
}
