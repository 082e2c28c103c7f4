using NetVips;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Reads PNG and WebP files of any size as pictures.</summary>
internal static class PictureReader
{
    /// <summary>Reads one file; a picture that already has the right size keeps its exact pixels.</summary>
    /// <exception cref="DatasetException">The file is not a picture.</exception>
    public static Picture Read(string path)
    {
        try
        {
            using var file = Image.NewFromFile(path);
            using var colour = file.Colourspace(Enums.Interpretation.Srgb);
            using var opaque = colour.HasAlpha() ? colour.Copy() : colour.Bandjoin(byte.MaxValue);
            using var fitted = HasFinalSize(opaque) ? opaque.Copy() : Shrink(opaque);
            return new Picture(fitted.WriteToMemory<byte>());
        }
        catch (VipsException e)
        {
            throw new DatasetException($"{path} cannot be read as a picture", e);
        }
    }

    private static bool HasFinalSize(Image image) => image.Width == Picture.Size && image.Height == Picture.Size;

    /// <summary>
    /// Centres the image in a square and shrinks it with a Catmull-Rom filter as wide as the step between output
    /// pixels, on premultiplied colours: what lies hidden under transparency must not bleed into the edges.
    /// </summary>
    private static Image Shrink(Image image)
    {
        var side = Math.Max(image.Width, image.Height);
        var factor = (double)side / Picture.Size;
        return image
            .Gravity(Enums.CompassDirection.Centre, side, side)
            .Premultiply()
            .Reduce(factor, factor, kernel: Enums.Kernel.Cubic)
            .Unpremultiply()
            .Rint()
            .Cast(Enums.BandFormat.Uchar);
    }
}
