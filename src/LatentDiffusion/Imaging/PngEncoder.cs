using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>Writes 8-bit RGB PNG files without loss. The same image always gives the same bytes.</summary>
public static class PngEncoder
{
    /// <summary>Encodes to memory.</summary>
    public static byte[] Encode(RgbImage image)
    {
        var bytes = new MemoryStream();
        Write(image, bytes);
        return bytes.ToArray();
    }

    /// <summary>
    /// Encodes to a stream. The file is complete in memory before its first byte is written, so a stream that fails does
    /// so with its own exception.
    /// </summary>
    public static unsafe void Write(RgbImage image, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(stream);
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgb888x, SKAlphaType.Opaque);
        var padded = new byte[info.BytesSize64];
        for (int from = 0, to = 0; from < image.Pixels.Length; from += 3, to += 4)
        {
            image.Pixels.AsSpan(from, 3).CopyTo(padded.AsSpan(to));
        }

        fixed (byte* pixels = padded)
        {
            using var pixmap = new SKPixmap(info, (nint)pixels);
            using var encoded =
                pixmap.Encode(SKPngEncoderOptions.Default)
                ?? throw new InvalidOperationException(
                    $"No PNG could be made of a {image.Width}x{image.Height} image."
                );
            encoded.SaveTo(stream);
        }
    }
}
