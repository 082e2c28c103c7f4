using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Annotations;

/// <summary>What belongs to one image as training shows it, cropped and mirrored like the image.</summary>
public sealed record ImageAnnotations
{
    /// <summary>Nothing.</summary>
    public static ImageAnnotations None { get; } = new();

    /// <summary>The caption that was chosen among several, or null.</summary>
    public string? Caption { get; init; }

    /// <summary>The image at low resolution, or null.</summary>
    public RgbImage? LowResolution { get; init; }

    /// <summary>The image with a mask, or null.</summary>
    public MaskedImage? Masked { get; init; }

    /// <summary>The class of every pixel, or null.</summary>
    public LabelMap? Map { get; init; }

    /// <summary>The objects that it shows, or null.</summary>
    public ShownLayout? Layout { get; init; }
}

/// <summary>An image as training shows it, with what led to it.</summary>
/// <param name="index">Position in its source.</param>
/// <param name="seed">Seed of this image in this epoch.</param>
/// <param name="transform">What was done to it.</param>
/// <param name="pixels">Makes the transformed bytes [3, size, size]; asked at most once.</param>
public sealed class TransformedImage(int index, long seed, ImageTransform transform, Func<byte[]> pixels)
{
    private RgbImage? _image;

    /// <summary>Position in its source.</summary>
    public int Index => index;

    /// <summary>Seed of this image in this epoch.</summary>
    public long Seed => seed;

    /// <summary>What was done to it.</summary>
    public ImageTransform Transform => transform;

    /// <summary>The transformed image.</summary>
    public RgbImage Image => _image ??= RgbImage.FromPlanar(pixels(), transform.Size, transform.Size);
}

/// <summary>Adds one part to the annotations of images. What it adds depends on the arguments alone.</summary>
public interface IImageAnnotator
{
    /// <summary>The annotations with one more part. Called from several threads.</summary>
    /// <exception cref="Errors.UserInputException">What the part is made of cannot be read.</exception>
    ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image);
}
