namespace LatentDiffusion.Imaging;

/// <summary>A colour image of floats, for arithmetic that bytes are too coarse for: rows from the top, R, G, B interleaved.</summary>
public sealed class FloatImage
{
    /// <summary>Wraps <paramref name="pixels"/> without copying.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">Exactly <c>width * height * 3</c> values, nominally in [0, 1].</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public FloatImage(int width, int height, float[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != 3L * width * height)
        {
            throw new ArgumentException(
                $"{width}x{height} RGB needs {3L * width * height} values, not {pixels.Length}."
            );
        }

        (Width, Height, Pixels) = (width, height, pixels);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>The interleaved values, <c>Width * Height * 3</c> of them.</summary>
    public float[] Pixels { get; }

    /// <summary>Bytes become [0, 1].</summary>
    public static FloatImage Of(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new FloatImage(image.Width, image.Height, Array.ConvertAll(image.Pixels, b => b / 255f));
    }

    /// <summary>[0, 1] becomes bytes: clamped and rounded.</summary>
    public RgbImage ToImage() =>
        new(Width, Height, Array.ConvertAll(Pixels, value => (byte)MathF.Round(Math.Clamp(value, 0f, 1f) * 255f)));

    /// <summary>The values of row <paramref name="y"/>: <c>Width * 3</c> of them.</summary>
    public Span<float> Row(int y) => Pixels.AsSpan(y * Width * 3, Width * 3);

    /// <summary>Limits all values to [0, 1], in place.</summary>
    /// <returns>This image.</returns>
    internal FloatImage Clip()
    {
        foreach (ref var value in Pixels.AsSpan())
        {
            value = Math.Clamp(value, 0f, 1f);
        }

        return this;
    }
}
