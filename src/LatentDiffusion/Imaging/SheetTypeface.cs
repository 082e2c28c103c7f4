using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>The font for text in pictures. Without it, a machine that has no fonts installed would draw nothing.</summary>
internal static class SheetTypeface
{
    private const string Resource = "LatentDiffusion.Imaging.Fonts.DejaVuSans.subset.ttf";

    /// <summary>A new typeface, owned by the caller.</summary>
    public static SKTypeface Load()
    {
        using var stream =
            typeof(SheetTypeface).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The library was built without its font ({Resource}).");
        return SKTypeface.FromStream(stream);
    }
}
