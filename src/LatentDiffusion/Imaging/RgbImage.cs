namespace LatentDiffusion.Imaging;

/// <summary>
/// An 8-bit colour image held as plain bytes: rows from the top, pixels from the left, channels R, G, B interleaved.
/// </summary>
public sealed class RgbImage
{
    /// <summary>Wraps <paramref name="pixels"/> without copying.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">Exactly <c>width * height * 3</c> bytes.</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != 3L * width * height)
        {
            throw new ArgumentException(
                $"{width}x{height} RGB needs {3L * width * height} bytes, not {pixels.Length}."
            );
        }

        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>The interleaved bytes, <c>Width * Height * 3</c> of them.</summary>
    public byte[] Pixels { get; }

    /// <summary>The colour of one pixel.</summary>
    public Rgb this[int x, int y]
    {
        get
        {
            var pixel = Row(y).Slice(x * 3, 3);
            return new Rgb(pixel[0], pixel[1], pixel[2]);
        }
    }

    /// <summary>An image from planar bytes, the reverse of <see cref="ToPlanar"/>.</summary>
    /// <param name="planar">[3, height, width].</param>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    public static RgbImage FromPlanar(ReadOnlySpan<byte> planar, int width, int height)
    {
        var plane = checked(width * height);
        var image = new RgbImage(width, height, new byte[checked(3 * plane)]);
        for (int from = 0, to = 0; from < plane; from++, to += 3)
        {
            image.Pixels[to] = planar[from];
            image.Pixels[to + 1] = planar[from + plane];
            image.Pixels[to + 2] = planar[from + 2 * plane];
        }

        return image;
    }

    /// <summary>An image of one colour.</summary>
    public static RgbImage Filled(int width, int height, Rgb colour)
    {
        var image = new RgbImage(width, height, new byte[checked(width * height * 3)]);
        for (var i = 0; i < image.Pixels.Length; i += 3)
        {
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (colour.R, colour.G, colour.B);
        }

        return image;
    }

    /// <summary>The bytes of row <paramref name="y"/>: <c>Width * 3</c> of them.</summary>
    public Span<byte> Row(int y) => Pixels.AsSpan(y * Width * 3, Width * 3);

    /// <summary>A copy of the rectangle at (<paramref name="x"/>, <paramref name="y"/>), which must lie inside.</summary>
    public RgbImage Crop(int x, int y, int width, int height)
    {
        var cropped = new RgbImage(width, height, new byte[width * height * 3]);
        for (var row = 0; row < height; row++)
        {
            Row(y + row).Slice(x * 3, width * 3).CopyTo(cropped.Row(row));
        }

        return cropped;
    }

    /// <summary>The image made larger to the right and below: its last column and row are repeated.</summary>
    /// <param name="width">New width, at least the old one.</param>
    /// <param name="height">New height, at least the old one.</param>
    public RgbImage Extended(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, Width);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, Height);
        var extended = new RgbImage(width, height, new byte[checked(width * height * 3)]);
        for (var y = 0; y < height; y++)
        {
            var from = Row(Math.Min(y, Height - 1));
            var to = extended.Row(y);
            from.CopyTo(to);
            for (var x = Width; x < width; x++)
            {
                from[^3..].CopyTo(to[(3 * x)..]);
            }
        }

        return extended;
    }

    /// <summary>The bytes reordered channel by channel, as networks take them: [3, Height, Width].</summary>
    public byte[] ToPlanar()
    {
        var plane = Width * Height;
        var planar = new byte[Pixels.Length];
        for (int from = 0, to = 0; to < plane; from += 3, to++)
        {
            planar[to] = Pixels[from];
            planar[to + plane] = Pixels[from + 1];
            planar[to + 2 * plane] = Pixels[from + 2];
        }

        return planar;
    }
}
