using LatentDiffusion.Data.Annotations;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data;

/// <summary>One image ready for training.</summary>
/// <param name="Pixels">Bytes [3, size, size], owned by the caller.</param>
/// <param name="Record">Name, class and caption.</param>
public sealed record ImageSample(byte[] Pixels, ImageRecord Record)
{
    /// <summary>What the data set's annotators say of the image.</summary>
    public ImageAnnotations Annotations { get; init; } = ImageAnnotations.None;
}

/// <summary>
/// The images of a source, transformed. What <see cref="Get"/> returns depends on the seed, the epoch and the index alone,
/// whichever thread asks and in whatever order.
/// </summary>
/// <remarks>
/// Transformed images are kept in memory after their first use if the transform always crops alike and all of them fit
/// into the limit: decoding is then done once instead of every epoch.
/// </remarks>
public sealed class ImageDataset
{
    /// <summary>Default limit for images kept in memory: 1 GiB.</summary>
    public const long DefaultCacheBytes = 1L << 30;

    // Tells this seed's use apart from others of the same run ("AUGM").
    private const long AugmentationPurpose = 0x4155474d;

    // Scaled by its short side, a strip longer than this could take gigabytes.
    private const int MostElongated = 100;

    private readonly byte[]?[]? _cache;

    /// <summary>Joins a source and a transform.</summary>
    /// <param name="source">The images.</param>
    /// <param name="transform">What is done to each.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="cacheBytes">Most memory to spend on transformed images; 0 keeps none.</param>
    public ImageDataset(IImageSource source, ImageTransform transform, long seed, long cacheBytes = DefaultCacheBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(transform);
        Source = source;
        Transform = transform;
        Seed = seed;
        var needed = 3L * transform.Size * transform.Size * source.Count;
        _cache = transform.AlwaysCropsAlike && needed <= cacheBytes ? new byte[]?[source.Count] : null;
    }

    /// <summary>Where the images come from.</summary>
    public IImageSource Source { get; }

    /// <summary>What is done to them.</summary>
    public ImageTransform Transform { get; }

    /// <summary>What is done to the square afterwards, or null.</summary>
    public AugmentationConfig? Augmentation { get; init; }

    /// <summary>What belongs to the images besides their pixels.</summary>
    public IReadOnlyList<IImageAnnotator> Annotators { get; private init; } = [];

    /// <summary>Side of the images that <see cref="Get"/> returns.</summary>
    public int Size => Augmentation?.OutputSize(Transform.Size) ?? Transform.Size;

    /// <summary>The run's seed.</summary>
    public long Seed { get; }

    /// <summary>How many images there are.</summary>
    public int Count => Source.Count;

    /// <summary>Whether transformed images are kept in memory.</summary>
    public bool KeepsImages => _cache is not null;

    /// <summary>Image <paramref name="index"/> as it looks in <paramref name="epoch"/>.</summary>
    /// <exception cref="UserInputException">The image cannot be read or decoded.</exception>
    public ImageSample Get(long epoch, int index)
    {
        var record = Source.Describe(index);
        var seed = SeedOf(epoch, index);
        var pixels = Transformed(index, record, seed);
        return new ImageSample(Augment(pixels, seed), record) { Annotations = Annotate(index, seed, () => pixels) };
    }

    /// <summary>What the annotators say of image <paramref name="index"/> as it looks in <paramref name="epoch"/>.</summary>
    /// <exception cref="UserInputException">The image or what belongs to it cannot be read.</exception>
    public ImageAnnotations Annotate(long epoch, int index)
    {
        var seed = SeedOf(epoch, index);
        return Annotate(index, seed, () => Transformed(index, Source.Describe(index), seed));
    }

    /// <summary>The same images with what belongs to them.</summary>
    public ImageDataset With(IReadOnlyList<IImageAnnotator> annotators) =>
        new(Source, Transform, Seed) { Augmentation = Augmentation, Annotators = annotators };

    /// <summary>Image <paramref name="index"/> as it looks in the first epoch, for looking at and measuring.</summary>
    /// <exception cref="UserInputException">The image cannot be read or decoded.</exception>
    public RgbImage GetImage(int index) =>
        RgbImage.FromPlanar(Get(epoch: 0, index).Pixels, Transform.Size, Transform.Size);

    /// <summary>How image <paramref name="index"/> lies in <paramref name="epoch"/>.</summary>
    public SquareSymmetry SymmetryOf(long epoch, int index) => Transform.SymmetryOf(SeedOf(epoch, index));

    private long SeedOf(long epoch, int index) => DerivedSeed.Of(Seed, AugmentationPurpose, epoch, index);

    private byte[] Transformed(int index, ImageRecord record, long seed)
    {
        if (_cache is null)
        {
            return Transform.Apply(Decode(index, record), seed);
        }

        // Two threads may both find the place empty; they then store equal bytes.
        var kept = _cache[index] ??= Transform.Square(Decode(index, record), seed).ToPlanar();
        return Transform.SymmetryOf(seed).Apply(kept, Transform.Size);
    }

    private ImageAnnotations Annotate(int index, long seed, Func<byte[]> pixels)
    {
        var image = new TransformedImage(index, seed, Transform, pixels);
        return Annotators.Aggregate(
            ImageAnnotations.None,
            (annotations, annotator) => annotator.Annotate(annotations, image)
        );
    }

    private byte[] Augment(byte[] pixels, long seed) => Augmentation?.Apply(pixels, Transform.Size, seed) ?? pixels;

    private RgbImage Decode(int index, ImageRecord record)
    {
        var image =
            (Source as IDecodedImages)?.Decoded(index)
            ?? ImageDecoder.Decode(Source.Read(index), record.Name, Transform.Background);
        var (shortSide, longSide) = (Math.Min(image.Width, image.Height), Math.Max(image.Width, image.Height));
        return longSide <= MostElongated * (long)shortSide
            ? image
            : throw new UserInputException(
                $"Image \"{record.Name}\" is {image.Width}x{image.Height}, its long side over {MostElongated} times its "
                    + "short side. Crop it or remove it."
            );
    }
}
