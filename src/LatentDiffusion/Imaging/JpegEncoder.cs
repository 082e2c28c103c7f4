using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>Writes baseline JPEG with colour at half resolution (4:2:0).</summary>
public static class JpegEncoder
{
    /// <summary>Encodes to memory.</summary>
    /// <param name="image">The image.</param>
    /// <param name="quality">1 (coarse) to 100, on the scale of libjpeg.</param>
    public static unsafe byte[] Encode(RgbImage image, int quality)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        var info = new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var padded = new byte[info.BytesSize64];
        for (int from = 0, to = 0; from < image.Pixels.Length; from += 3, to += 4)
        {
            image.Pixels.AsSpan(from, 3).CopyTo(padded.AsSpan(to));
        }

        var options = new SKJpegEncoderOptions(
            quality,
            SKJpegEncoderDownsample.Downsample420,
            SKJpegEncoderAlphaOption.Ignore
        );
        fixed (byte* pixels = padded)
        {
            using var pixmap = new SKPixmap(info, (nint)pixels);
            using var encoded =
                pixmap.Encode(options)
                ?? throw new InvalidOperationException(
                    $"No JPEG could be made of a {image.Width}x{image.Height} image."
                );
            return encoded.ToArray();
        }
    }
}
