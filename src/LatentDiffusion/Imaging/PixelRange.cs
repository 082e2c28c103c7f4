namespace LatentDiffusion.Imaging;

/// <summary>
/// Converts between bytes and the models' range [-1, 1], with the formulas of the latent diffusion reference code:
/// <c>byte / 127.5 - 1</c> on the way in; on the way out <c>255 * clamp((x + 1) / 2, 0, 1)</c>, truncated, not rounded.
/// Because of the truncation a byte that goes in may come out one lower.
/// </summary>
public static class PixelRange
{
    /// <summary>0 becomes -1, 255 becomes 1.</summary>
    public static float ToFloat(byte value) => (float)(value / 127.5 - 1);

    /// <summary>Values outside [-1, 1] are clamped; NaN becomes 0.</summary>
    public static byte ToByte(float value) =>
        float.IsNaN(value) ? (byte)0 : (byte)(255f * Math.Clamp((value + 1f) / 2f, 0f, 1f));

    /// <summary>Converts each byte; both spans have one length.</summary>
    public static void ToFloats(ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        Span<float> table = stackalloc float[256];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = ToFloat((byte)i);
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            floats[i] = table[bytes[i]];
        }
    }

    /// <summary>An image as a network's input: [3, height, width] in [-1, 1].</summary>
    public static float[] ToPlanarFloats(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var floats = new float[image.Pixels.Length];
        ToFloats(image.ToPlanar(), floats);
        return floats;
    }

    /// <summary>A network's output [3, <paramref name="height"/>, <paramref name="width"/>] as an image.</summary>
    public static RgbImage ToImage(ReadOnlySpan<float> planar, int width, int height)
    {
        var plane = width * height;
        if (planar.Length != 3 * plane)
        {
            throw new ArgumentException($"[3, {height}, {width}] has {3 * plane} values, not {planar.Length}.");
        }

        var pixels = new byte[3 * plane];
        for (int from = 0, to = 0; from < plane; from++, to += 3)
        {
            pixels[to] = ToByte(planar[from]);
            pixels[to + 1] = ToByte(planar[from + plane]);
            pixels[to + 2] = ToByte(planar[from + 2 * plane]);
        }

        return new RgbImage(width, height, pixels);
    }
}
