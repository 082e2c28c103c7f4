using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>How an image becomes a square.</summary>
public enum ResizeMode
{
    /// <summary>The short side becomes the square's side, what sticks out of the long side is cut off.</summary>
    ShortSide,

    /// <summary>Both sides become the square's side; proportions are lost, nothing is cut off.</summary>
    Stretch,

    /// <summary>A square is cut out at the image's own scale; smaller images are enlarged first.</summary>
    Keep,
}

/// <summary>Which part of the long side is kept.</summary>
public enum CropPlace
{
    /// <summary>The middle.</summary>
    Center,

    /// <summary>A place drawn anew for each epoch.</summary>
    Random,
}

/// <summary>
/// Turns any image into a square of one size, with antialiased bicubic resampling. The result depends on nothing but the
/// image, the transform and the seed.
/// </summary>
public sealed record ImageTransform
{
    /// <summary>Creates a transform to <paramref name="size"/> x <paramref name="size"/> pixels.</summary>
    public ImageTransform(int size) => Size = size;

    /// <summary>Side of the square, in pixels.</summary>
    public int Size
    {
        get;
        init =>
            field = value > 0 ? value : throw new UserInputException($"Image size {value} must be at least 1 pixel.");
    }

    /// <summary>How the square is reached.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.ShortSide;

    /// <summary>Which part is kept, except with <see cref="ResizeMode.Stretch"/>.</summary>
    public CropPlace Crop { get; init; } = CropPlace.Center;

    /// <summary>Probability of mirroring left and right, 0..1.</summary>
    public double FlipProbability
    {
        get;
        init =>
            field = value is >= 0 and <= 1
                ? value
                : throw new UserInputException($"Flip probability {value} must lie between 0 and 1.");
    }

    /// <summary>Whether to turn by 0, 90, 180 or 270 degrees, each as likely.</summary>
    public bool Rotate { get; init; }

    /// <summary>What is done to every square instead of what seeds draw, or null.</summary>
    internal SquareSymmetry? Always { get; init; }

    /// <summary>How squares may come to lie.</summary>
    public IReadOnlyList<SquareSymmetry> Symmetries =>
        [
            .. from mirrored in FlipProbability > 0 ? (bool[])[false, true] : [false]
            from turns in Enumerable.Range(0, Rotate ? 4 : 1)
            select new SquareSymmetry(mirrored, turns),
        ];

    /// <summary>What shows through transparent pixels when images are decoded for this transform.</summary>
    public Rgb Background { get; init; } = Rgb.White;

    /// <summary>Whether every seed gives the same square, however it lies.</summary>
    public bool AlwaysCropsAlike => Resize == ResizeMode.Stretch || Crop == CropPlace.Center;

    /// <summary>Applies the transform.</summary>
    /// <returns>Bytes [3, Size, Size]; <see cref="PixelRange"/> takes them to [-1, 1].</returns>
    public byte[] Apply(RgbImage image, long seed) => SymmetryOf(seed).Apply(Square(image, seed).ToPlanar(), Size);

    /// <summary>The label map of an image, treated as <see cref="Apply"/> treats the image but without mixing classes.</summary>
    /// <param name="map">Of the image's size.</param>
    /// <param name="seed">The image's seed.</param>
    /// <returns>Size x Size.</returns>
    public LabelMap ApplyTo(LabelMap map, long seed)
    {
        ArgumentNullException.ThrowIfNull(map);
        var place = Find(map.Width, map.Height, seed);
        var square = map.Resize(place.Width, place.Height).Crop(place.X, place.Y, Size, Size);
        return new LabelMap(Size, Size, SymmetryOf(seed).Apply(square.Ids, Size));
    }

    /// <summary>Where the square that <see cref="Apply"/> cuts out lies in an image, before it is mirrored and turned.</summary>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="seed">The image's seed.</param>
    /// <returns>In shares of the image's width and height.</returns>
    public Layouts.RelativeBox CropOf(int width, int height, long seed)
    {
        var place = Find(width, height, seed);
        return new(
            (double)place.X / place.Width,
            (double)place.Y / place.Height,
            (double)Size / place.Width,
            (double)Size / place.Height
        );
    }

    /// <summary>The resized and cropped image, neither mirrored nor turned.</summary>
    public RgbImage Square(RgbImage image, long seed)
    {
        var place = Find(image.Width, image.Height, seed);
        return Resampler.Bicubic(image, place.Width, place.Height).Crop(place.X, place.Y, Size, Size);
    }

    // The size that the image is brought to, and the square's place in it.
    private (int Width, int Height, int X, int Y) Find(int imageWidth, int imageHeight, long seed)
    {
        if (Resize == ResizeMode.Stretch)
        {
            return (Size, Size, 0, 0);
        }

        var scale = (double)Size / Math.Min(imageWidth, imageHeight);
        if (Resize == ResizeMode.Keep)
        {
            scale = Math.Max(1, scale);
        }

        var width = Math.Max(Size, (int)Math.Round(imageWidth * scale));
        var height = Math.Max(Size, (int)Math.Round(imageHeight * scale));
        return Crop == CropPlace.Random
            ? (
                width,
                height,
                UniformDraw.Below(width - Size + 1, seed, (long)Draw.CropX),
                UniformDraw.Below(height - Size + 1, seed, (long)Draw.CropY)
            )
            : (width, height, (width - Size) / 2, (height - Size) / 2);
    }

    /// <summary>How the square of this seed lies.</summary>
    public SquareSymmetry SymmetryOf(long seed) =>
        Always
        ?? new SquareSymmetry(
            UniformDraw.Fraction(seed, (long)Draw.Mirror) < FlipProbability,
            Rotate ? UniformDraw.Below(4, seed, (long)Draw.QuarterTurns) : 0
        );

    // The numbers drawn from one seed are told apart by these.
    private enum Draw
    {
        Mirror,
        CropX,
        CropY,
        QuarterTurns,
    }
}
