using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;

namespace LatentDiffusion.Data.Annotations;

/// <summary>Makes a low-resolution version of every image.</summary>
/// <param name="degradation">How; its scale divides the images' size.</param>
public sealed class LowResolutionAnnotator(Degradation degradation) : IImageAnnotator
{
    /// <inheritdoc/>
    public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(image);
        return annotations with { LowResolution = degradation.Apply(image.Image, image.Seed).Low };
    }
}

/// <summary>Draws a mask for every image, another one in every epoch.</summary>
/// <param name="generator">Draws them.</param>
public sealed class MaskAnnotator(MaskGenerator generator) : IImageAnnotator
{
    /// <inheritdoc/>
    public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(image);
        var size = image.Transform.Size;
        return annotations with { Masked = new MaskedImage(image.Image, generator.Draw(size, size, image.Seed)) };
    }
}

/// <summary>Reads the label map beside every image.</summary>
/// <param name="maps">The maps, in the order of the images.</param>
public sealed class MapAnnotator(SemanticMapSource maps) : IImageAnnotator
{
    /// <inheritdoc/>
    public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(image);
        return annotations with { Map = image.Transform.ApplyTo(maps.ReadMap(image.Index), image.Seed) };
    }
}

/// <summary>Tells the objects of every image, in an order drawn anew in every epoch. Boxes do not turn with images.</summary>
/// <param name="layouts">The layouts, in the order of the images.</param>
public sealed class LayoutAnnotator(LayoutSource layouts) : IImageAnnotator
{
    /// <inheritdoc/>
    public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = layouts.SizeOf(image.Index);
        return annotations with
        {
            Layout = new ShownLayout(layouts[image.Index].Objects)
            {
                Crop = image.Transform.CropOf(width, height, image.Seed),
                IsMirrored = image.Transform.SymmetryOf(image.Seed).IsMirrored,
                ShuffleSeed = image.Seed,
            },
        };
    }
}
