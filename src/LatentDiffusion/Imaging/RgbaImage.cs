namespace LatentDiffusion.Imaging;

/// <summary>An 8-bit image with transparency: rows from the top, R, G, B, A interleaved, colours not multiplied by alpha.</summary>
public sealed class RgbaImage
{
    /// <summary>Wraps <paramref name="pixels"/> without copying.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">Exactly <c>width * height * 4</c> bytes.</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public RgbaImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != 4L * width * height)
        {
            throw new ArgumentException(
                $"{width}x{height} RGBA needs {4L * width * height} bytes, not {pixels.Length}."
            );
        }

        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>The interleaved bytes.</summary>
    public byte[] Pixels { get; }

    /// <summary>How opaque pixel (x, y) is.</summary>
    public byte Alpha(int x, int y) => Pixels[(y * Width + x) * 4 + 3];

    /// <summary>The smallest part that holds every pixel of at least this opacity, or null when there is none.</summary>
    /// <param name="alpha">Least opacity, 1..255.</param>
    public RgbaImage? Trim(byte alpha = 128)
    {
        var (left, top, right, bottom) = (Width, Height, -1, -1);
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                if (Alpha(x, y) >= alpha)
                {
                    (left, right) = (Math.Min(left, x), Math.Max(right, x));
                    (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
                }
            }
        }

        return right < 0 ? null : Crop(left, top, right - left + 1, bottom - top + 1);
    }

    /// <summary>A copy of the rectangle at (x, y), which must lie inside.</summary>
    public RgbaImage Crop(int x, int y, int width, int height)
    {
        var cropped = new byte[width * height * 4];
        for (var row = 0; row < height; row++)
        {
            Pixels.AsSpan(((y + row) * Width + x) * 4, width * 4).CopyTo(cropped.AsSpan(row * width * 4));
        }

        return new RgbaImage(width, height, cropped);
    }

    /// <summary>The image mirrored left to right.</summary>
    public RgbaImage Mirrored()
    {
        var mirrored = new byte[Pixels.Length];
        for (var i = 0; i < Pixels.Length / 4; i++)
        {
            var (y, x) = Math.DivRem(i, Width);
            Pixels.AsSpan(i * 4, 4).CopyTo(mirrored.AsSpan((y * Width + Width - 1 - x) * 4));
        }

        return new RgbaImage(Width, Height, mirrored);
    }

    /// <summary>The image at another size (antialiased bicubic); what is transparent lends no colour to its neighbours.</summary>
    public RgbaImage Resize(int width, int height)
    {
        var colours = new RgbImage(Width, Height, new byte[Width * Height * 3]);
        var opacity = new RgbImage(Width, Height, new byte[Width * Height * 3]);
        for (var i = 0; i < colours.Pixels.Length; i++)
        {
            var alpha = Pixels[i / 3 * 4 + 3];
            colours.Pixels[i] = (byte)((Pixels[i / 3 * 4 + i % 3] * alpha + 127) / 255);
            opacity.Pixels[i] = alpha;
        }

        colours = Resampler.Bicubic(colours, width, height);
        opacity = Resampler.Bicubic(opacity, width, height);
        var resized = new byte[width * height * 4];
        for (var i = 0; i < colours.Pixels.Length; i++)
        {
            var alpha = opacity.Pixels[i];
            resized[i / 3 * 4 + 3] = alpha;
            resized[i / 3 * 4 + i % 3] =
                alpha == 0 ? (byte)0 : (byte)Math.Min(255, (colours.Pixels[i] * 255 + alpha / 2) / alpha);
        }

        return new RgbaImage(width, height, resized);
    }

    /// <summary>Lays the image over another one, in place; what sticks out is cut off.</summary>
    /// <param name="below">Is drawn upon.</param>
    /// <param name="x">Column of <paramref name="below"/> where this image's left column comes.</param>
    /// <param name="y">Row where its top row comes.</param>
    public void DrawOn(RgbImage below, int x, int y)
    {
        ArgumentNullException.ThrowIfNull(below);
        for (var row = Math.Max(0, -y); row < Math.Min(Height, below.Height - y); row++)
        {
            var target = below.Row(y + row);
            for (var column = Math.Max(0, -x); column < Math.Min(Width, below.Width - x); column++)
            {
                var pixel = Pixels.AsSpan((row * Width + column) * 4, 4);
                for (var c = 0; c < 3; c++)
                {
                    ref var under = ref target[(x + column) * 3 + c];
                    under = (byte)((pixel[c] * pixel[3] + under * (255 - pixel[3]) + 127) / 255);
                }
            }
        }
    }
}
