using System.Buffers.Binary;
using System.IO.Compression;
using LatentDiffusion.Imaging.Metadata;

namespace LatentDiffusion.Imaging;

/// <summary>A picture whose pixels are numbers, not colours.</summary>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Number of rows.</param>
/// <param name="Values">Row by row.</param>
/// <param name="Palette">The colours that the file shows the numbers in; empty for a grey picture.</param>
public sealed record IndexedImage(int Width, int Height, byte[] Values, IReadOnlyList<Rgb> Palette);

/// <summary>
/// Reads and writes PNG files of numbers: palette indices, or grey levels as they are stored. Image libraries turn both into
/// colours, which loses the numbers.
/// </summary>
public static class IndexedPng
{
    private const int GreyType = 0;
    private const int PaletteType = 3;

    /// <summary>Whether the bytes begin a PNG of palette indices or grey levels.</summary>
    public static bool Fits(ReadOnlySpan<byte> data) =>
        data.Length > 25 && data.StartsWith(PngChunks.Signature) && data[25] is GreyType or PaletteType;

    /// <summary>Reads the numbers; grey levels of 1, 2 or 4 bits are not spread out.</summary>
    /// <param name="data">A whole file.</param>
    /// <param name="name">What to call it in an error message.</param>
    /// <exception cref="ImageFormatException">
    /// The file is no such PNG, is damaged, interlaced, or holds 16-bit numbers above 255.
    /// </exception>
    public static IndexedImage Read(ReadOnlySpan<byte> data, string name)
    {
        if (!Fits(data))
        {
            throw new ImageFormatException($"\"{name}\" is not a PNG of palette indices or grey levels.");
        }

        using var packed = new MemoryStream();
        var (header, palette) = (default(Header), Array.Empty<Rgb>());
        foreach (var chunk in PngChunks.Read(data, name))
        {
            var content = data[chunk.Content];
            if (chunk.Type == "IHDR")
            {
                header = Header.Parse(content, name);
            }
            else if (chunk.Type == "PLTE")
            {
                palette = ReadPalette(content);
            }
            else if (chunk.Type == "IDAT")
            {
                packed.Write(content);
            }
        }

        packed.Position = 0;
        return new IndexedImage(header.Width, header.Height, Unpack(packed, header, name), palette);
    }

    /// <summary>Writes numbers as palette indices. The same picture always gives the same bytes.</summary>
    /// <param name="image">A picture whose palette has a colour for every number.</param>
    /// <exception cref="ArgumentException">The palette is empty, too large, or a number has no colour.</exception>
    public static byte[] Write(IndexedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Palette.Count is 0 or > 256 || image.Values.Max() >= image.Palette.Count)
        {
            throw new ArgumentException(
                $"A palette of {image.Palette.Count} colours does not fit numbers up to {image.Values.Max()}.",
                nameof(image)
            );
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), image.Height);
        (header[8], header[9]) = (8, PaletteType);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < image.Height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(image.Values, y * image.Width, image.Width);
            }
        }

        using var file = new MemoryStream();
        file.Write(PngChunks.Signature);
        PngChunks.Write(file, "IHDR"u8, header);
        PngChunks.Write(file, "PLTE"u8, [.. image.Palette.SelectMany(c => new[] { c.R, c.G, c.B })]);
        PngChunks.Write(file, "IDAT"u8, packed.ToArray());
        PngChunks.Write(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static Rgb[] ReadPalette(ReadOnlySpan<byte> content)
    {
        var palette = new Rgb[content.Length / 3];
        for (var i = 0; i < palette.Length; i++)
        {
            palette[i] = new Rgb(content[3 * i], content[3 * i + 1], content[3 * i + 2]);
        }

        return palette;
    }

    private static byte[] Unpack(Stream packed, Header header, string name)
    {
        var step = Math.Max(1, header.Bits / 8);
        var row = new byte[(header.Width * header.Bits + 7) / 8];
        var above = new byte[row.Length];
        var values = new byte[checked(header.Width * header.Height)];
        try
        {
            using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
            for (var y = 0; y < header.Height; y++)
            {
                var filter = zlib.ReadByte();
                zlib.ReadExactly(row);
                Unfilter(filter, row, above, step, name);
                header.Numbers(row, values.AsSpan(y * header.Width, header.Width), name);
                (row, above) = (above, row);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new ImageFormatException($"Image \"{name}\" is damaged ({e.Message}) Copy it again or remove it.", e);
        }

        return values;
    }

    private static void Unfilter(int filter, byte[] row, byte[] above, int step, string name)
    {
        for (var i = 0; i < row.Length; i++)
        {
            int left = i >= step ? row[i - step] : 0;
            int corner = i >= step ? above[i - step] : 0;
            row[i] += filter switch
            {
                0 => 0,
                1 => (byte)left,
                2 => above[i],
                3 => (byte)((left + above[i]) / 2),
                4 => (byte)Paeth(left, above[i], corner),
                _ => throw PngChunks.Damaged(name, "a row has an unknown filter"),
            };
        }
    }

    private static int Paeth(int left, int above, int corner)
    {
        var (a, b, c) = (Math.Abs(above - corner), Math.Abs(left - corner), Math.Abs(left + above - 2 * corner));
        return a <= b && a <= c ? left
            : b <= c ? above
            : corner;
    }

    private readonly record struct Header(int Width, int Height, int Bits)
    {
        public static Header Parse(ReadOnlySpan<byte> content, string name)
        {
            if (content.Length != 13)
            {
                throw PngChunks.Damaged(name, "its header has a wrong length");
            }

            var (width, height) = (
                BinaryPrimitives.ReadInt32BigEndian(content),
                BinaryPrimitives.ReadInt32BigEndian(content[4..])
            );
            if (width < 1 || height < 1 || (long)width * height > ImageDecoder.MaxPixels)
            {
                throw new ImageFormatException($"Image \"{name}\" has {width}x{height} pixels, which cannot be read.");
            }

            if (content[8] is not (1 or 2 or 4 or 8 or 16))
            {
                throw PngChunks.Damaged(name, $"it has {content[8]} bits per pixel");
            }

            return content[12] == 0
                ? new Header(width, height, content[8])
                : throw new ImageFormatException($"Image \"{name}\" is interlaced. Save it without interlacing.");
        }

        public void Numbers(ReadOnlySpan<byte> row, Span<byte> values, string name)
        {
            for (var x = 0; x < values.Length; x++)
            {
                if (Bits == 16 && row[2 * x] != 0)
                {
                    throw new ImageFormatException(
                        $"Image \"{name}\" holds {(row[2 * x] << 8) | row[2 * x + 1]}; numbers above 255 cannot be read."
                    );
                }

                var bit = x * Bits;
                values[x] =
                    Bits >= 8
                        ? row[Bits == 16 ? 2 * x + 1 : x]
                        : (byte)((row[bit / 8] >> (8 - Bits - bit % 8)) & ((1 << Bits) - 1));
            }
        }
    }
}
