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

    /// <summary>What shows through transparent pixels when images are decoded for this transform.</summary>
    public Rgb Background { get; init; } = Rgb.White;

    /// <summary>Whether every seed gives the same square, mirrored or not.</summary>
    public bool AlwaysCropsAlike => Resize == ResizeMode.Stretch || Crop == CropPlace.Center;

    /// <summary>Applies the transform.</summary>
    /// <returns>Bytes [3, Size, Size]; <see cref="PixelRange"/> takes them to [-1, 1].</returns>
    public byte[] Apply(RgbImage image, long seed)
    {
        var planar = Square(image, seed).ToPlanar();
        if (Mirrors(seed))
        {
            Mirror(planar);
        }

        return planar;
    }

    /// <summary>The resized and cropped image, not mirrored.</summary>
    public RgbImage Square(RgbImage image, long seed)
    {
        if (Resize == ResizeMode.Stretch)
        {
            return Resampler.Bicubic(image, Size, Size);
        }

        var scale = (double)Size / Math.Min(image.Width, image.Height);
        if (Resize == ResizeMode.Keep)
        {
            scale = Math.Max(1, scale);
        }

        var width = Math.Max(Size, (int)Math.Round(image.Width * scale));
        var height = Math.Max(Size, (int)Math.Round(image.Height * scale));
        var resized = Resampler.Bicubic(image, width, height);
        var (x, y) =
            Crop == CropPlace.Random
                ? (
                    UniformDraw.Below(width - Size + 1, seed, (long)Draw.CropX),
                    UniformDraw.Below(height - Size + 1, seed, (long)Draw.CropY)
                )
                : ((width - Size) / 2, (height - Size) / 2);
        return resized.Crop(x, y, Size, Size);
    }

    /// <summary>Whether this seed mirrors.</summary>
    internal bool Mirrors(long seed) => UniformDraw.Fraction(seed, (long)Draw.Mirror) < FlipProbability;

    /// <summary>Reverses each row of [3, Size, Size] in place.</summary>
    internal void Mirror(byte[] planar)
    {
        for (var at = 0; at < planar.Length; at += Size)
        {
            planar.AsSpan(at, Size).Reverse();
        }
    }

    // The numbers drawn from one seed are told apart by these.
    private enum Draw
    {
        Mirror,
        CropX,
        CropY,
    }
}
