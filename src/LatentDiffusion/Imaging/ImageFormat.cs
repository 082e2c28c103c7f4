using System.Buffers.Binary;

namespace LatentDiffusion.Imaging;

/// <summary>The encoded formats that are read.</summary>
public enum ImageFormat
{
    /// <summary>Not one of the formats below.</summary>
    Unknown,

    /// <summary>Portable Network Graphics.</summary>
    Png,

    /// <summary>JPEG, baseline or progressive.</summary>
    Jpeg,

    /// <summary>WebP, lossy or lossless.</summary>
    WebP,

    /// <summary>GIF; the first frame is used.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,
}

/// <summary>Recognises encoded images by their first bytes.</summary>
public static class ImageSignature
{
    /// <summary>How many first bytes of a file are enough for <see cref="Recognise"/>.</summary>
    public const int Length = 12;

    /// <summary>File name endings looked for in image folders, lower case, with the dot.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"];

    /// <summary>The format that the bytes begin, or <see cref="ImageFormat.Unknown"/>.</summary>
    public static ImageFormat Recognise(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]))
        {
            return ImageFormat.Png;
        }

        if (start.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]))
        {
            return ImageFormat.Jpeg;
        }

        if (start.Length >= Length && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8))
        {
            return ImageFormat.WebP;
        }

        if (start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8))
        {
            return ImageFormat.Gif;
        }

        return start.StartsWith("BM"u8) ? ImageFormat.Bmp : ImageFormat.Unknown;
    }

    /// <summary>
    /// Colour storage and bits per channel, read from a PNG's IHDR or a JPEG's frame header; RGB and 8 for other formats.
    /// </summary>
    internal static (StoredColour Colour, int Bits) ReadLayout(ImageFormat format, ReadOnlySpan<byte> data) =>
        format switch
        {
            ImageFormat.Png => PngLayout(data),
            ImageFormat.Jpeg => JpegLayout(data),
            ImageFormat.Gif => (StoredColour.Palette, 8),
            _ => (StoredColour.Rgb, 8),
        };

    private static (StoredColour, int) PngLayout(ReadOnlySpan<byte> data)
    {
        const int bitDepth = 24;
        const int colourType = 25;
        if (data.Length <= colourType)
        {
            return (StoredColour.Rgb, 8);
        }

        var bits = Math.Max((byte)8, data[bitDepth]);
        return data[colourType] switch
        {
            0 or 4 => (StoredColour.Grey, bits),
            3 => (StoredColour.Palette, 8),
            _ => (StoredColour.Rgb, bits),
        };
    }

    // Walks the marker segments up to the start of frame, whose sixth payload byte is the number of components.
    private static (StoredColour, int) JpegLayout(ReadOnlySpan<byte> data)
    {
        for (var at = 2; at + 9 < data.Length && data[at] == 0xff; )
        {
            var marker = data[at + 1];
            if (marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc))
            {
                return data[at + 9] switch
                {
                    1 => (StoredColour.Grey, 8),
                    4 => (StoredColour.Cmyk, 8),
                    _ => (StoredColour.Rgb, 8),
                };
            }

            // 0xff may be repeated as padding before a marker.
            at += marker == 0xff ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]);
        }

        return (StoredColour.Rgb, 8);
    }
}
