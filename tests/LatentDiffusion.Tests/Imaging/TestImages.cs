using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using LatentDiffusion.Imaging;
using SkiaSharp;

namespace LatentDiffusion.Tests.Imaging;

/// <summary>Small images of every encoding, made on the spot.</summary>
internal static class TestImages
{
    /// <summary>A busy picture from a formula; the Pillow goldens were made with the same one.</summary>
    public static RgbImage Pattern(int width, int height)
    {
        var image = RgbImage.Filled(width, height, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
            image.Pixels[i] = (byte)(x * 37 + y * 61 + c * 89 + x * y * 7);
        }

        return image;
    }

    /// <summary>Encodes RGBA bytes with SkiaSharp; WebP of quality 100 is lossless.</summary>
    public static byte[] Encode(SKEncodedImageFormat format, int width, int height, byte[] rgba)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        rgba.CopyTo(bitmap.GetPixelSpan());
        using var pixmap = bitmap.PeekPixels();
        using var encoded =
            format == SKEncodedImageFormat.Webp
                ? pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50))
                : pixmap.Encode(format, 95);
        return encoded!.ToArray();
    }

    public static byte[] Encode(SKEncodedImageFormat format, RgbImage image)
    {
        var rgba = new byte[image.Pixels.Length / 3 * 4];
        for (int from = 0, to = 0; from < image.Pixels.Length; from += 3, to += 4)
        {
            image.Pixels.AsSpan(from, 3).CopyTo(rgba.AsSpan(to));
            rgba[to + 3] = 255;
        }

        return Encode(format, image.Width, image.Height, rgba);
    }

    /// <summary>A PNG of any colour type and depth; each row of <paramref name="rows"/> is packed as the file wants it.</summary>
    public static byte[] Png(
        int width,
        int height,
        int bitDepth,
        int colourType,
        byte[][] rows,
        byte[]? palette = null,
        byte[]? filters = null
    )
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bitDepth, (byte)colourType);

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var (i, row) in rows.Index())
            {
                zlib.WriteByte(filters?[i] ?? 0);
                zlib.Write(row);
            }
        }

        byte[] signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
        return
        [
            .. signature,
            .. Chunk("IHDR"u8, header),
            .. palette is null ? [] : Chunk("PLTE"u8, palette),
            .. Chunk("IDAT"u8, packed.ToArray()),
            .. Chunk("IEND"u8, []),
        ];
    }

    /// <summary>A 24-bit Windows bitmap.</summary>
    public static byte[] Bmp(RgbImage image)
    {
        var stride = (image.Width * 3 + 3) / 4 * 4;
        var file = new byte[54 + stride * image.Height];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        file[10] = 54;
        file[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), image.Width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), image.Height);
        (file[26], file[28]) = (1, 24);
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                var (r, g, b) = image[x, image.Height - 1 - y];
                var at = 54 + y * stride + x * 3;
                (file[at], file[at + 1], file[at + 2]) = (b, g, r);
            }
        }

        return file;
    }

    /// <summary>Puts an EXIF segment with an orientation (1..8) into a JPEG.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] tiff =
        [
            .. "MM\0*"u8,
            .. (byte[])[0, 0, 0, 8],
            .. (byte[])[0, 1],
            .. (byte[])[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0],
            .. (byte[])[0, 0, 0, 0],
        ];
        var length = 2 + 6 + tiff.Length;
        return [.. jpeg[..2], 0xff, 0xe1, 0, (byte)length, .. "Exif\0\0"u8, .. tiff, .. jpeg[2..]];
    }

    /// <summary>A file under tests/golden/images.</summary>
    public static byte[] Golden(string name) => File.ReadAllBytes(Support.Golden.PathOf($"images/{name}"));

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(
            chunk.AsSpan(8 + data.Length),
            Crc32.HashToUInt32(chunk.AsSpan(4, 4 + data.Length))
        );
        return chunk;
    }
}
