using NetVips;
using SkiaSharp;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Writes pictures as lossless WebP, as small as the encoder can make them.</summary>
internal static class WebP
{
    private const int BestEffort = 6;
    private const int BestQuality = 100;

    /// <summary>Encodes a picture and proves the result: another decoder must give the same pixels.</summary>
    /// <exception cref="InvalidOperationException">The decoded pixels differ.</exception>
    public static byte[] Encode(Picture picture)
    {
        using var image = Image
            .NewFromMemory(picture.Pixels, Picture.Size, Picture.Size, bands: 4, Enums.BandFormat.Uchar)
            .Copy(interpretation: Enums.Interpretation.Srgb);
        var encoded = image.WebpsaveBuffer(
            q: BestQuality,
            lossless: true,
            effort: BestEffort,
            exact: true,
            keep: Enums.ForeignKeep.None
        );
        return Decode(encoded).AsSpan().SequenceEqual(picture.Pixels)
            ? encoded
            : throw new InvalidOperationException("A picture changed when it was encoded as lossless WebP.");
    }

    private static byte[] Decode(byte[] encoded)
    {
        var layout = new SKImageInfo(Picture.Size, Picture.Size, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        using var bitmap = SKBitmap.Decode(encoded, layout);
        return bitmap.Bytes;
    }
}
