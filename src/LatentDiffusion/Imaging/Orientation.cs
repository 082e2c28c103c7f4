using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>Turns stored pixels the way the EXIF orientation says they are meant to be seen.</summary>
internal static class Orientation
{
    public static bool SwapsAxes(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    public static RgbImage Apply(RgbImage stored, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default)
        {
            return stored;
        }

        var (width, height) = SwapsAxes(origin) ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        var (right, bottom) = (stored.Width - 1, stored.Height - 1);
        var upright = new RgbImage(width, height, new byte[stored.Pixels.Length]);
        for (var y = 0; y < height; y++)
        {
            var row = upright.Row(y);
            for (var x = 0; x < width; x++)
            {
                var (fromX, fromY) = origin switch
                {
                    SKEncodedOrigin.TopRight => (right - x, y),
                    SKEncodedOrigin.BottomRight => (right - x, bottom - y),
                    SKEncodedOrigin.BottomLeft => (x, bottom - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, bottom - x),
                    SKEncodedOrigin.RightBottom => (right - y, bottom - x),
                    _ => (right - y, x),
                };
                stored.Row(fromY).Slice(fromX * 3, 3).CopyTo(row[(x * 3)..]);
            }
        }

        return upright;
    }
}
