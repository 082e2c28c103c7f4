using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>Surfaces to draw lines and text on that become images.</summary>
internal static class DrawingSurface
{
    /// <summary>A white surface, owned by the caller.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    public static SKSurface Create(int width, int height)
    {
        var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgb888x, SKAlphaType.Opaque));
        surface.Canvas.Clear(SKColors.White);
        return surface;
    }

    /// <summary>A copy of what was drawn on a surface of <see cref="Create"/>.</summary>
    public static RgbImage ToImage(SKSurface surface)
    {
        using var pixels = surface.PeekPixels();
        var (width, height) = (pixels.Width, pixels.Height);
        var image = new RgbImage(width, height, new byte[width * height * 3]);
        for (var y = 0; y < height; y++)
        {
            var row = pixels.GetPixelSpan<uint>()[(y * width)..];
            var target = image.Row(y);
            for (var x = 0; x < width; x++)
            {
                // Memory order R, G, B, x.
                (target[x * 3], target[x * 3 + 1], target[x * 3 + 2]) = (
                    (byte)row[x],
                    (byte)(row[x] >> 8),
                    (byte)(row[x] >> 16)
                );
            }
        }

        return image;
    }
}
