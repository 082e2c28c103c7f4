using System.IO.Compression;
using System.Text;

namespace LatentDiffusion.Imaging.Metadata;

/// <summary>A text inside a PNG file.</summary>
/// <param name="Keyword">What it is, 1 to 79 letters.</param>
/// <param name="Text">The text, lines separated by line feeds.</param>
public sealed record PngTextEntry(string Keyword, string Text)
{
    /// <summary>
    /// Whether it is stored in Unicode in any case; otherwise only a text with letters beyond Latin-1 is, because old programs
    /// read nothing else.
    /// </summary>
    public bool IsUnicode { get; init; }
}

/// <summary>Reads and adds the texts of PNG files. Pixels are never touched.</summary>
public static class PngText
{
    private const int LongestKeyword = 79;

    // What is packed may grow a thousandfold; nobody writes that much about a picture.
    private const int LongestText = 1 << 24;

    /// <summary>A file with texts added behind its header, before the pixels, where readers look first.</summary>
    /// <param name="png">A whole PNG file.</param>
    /// <param name="entries">The texts.</param>
    /// <exception cref="ImageFormatException">The bytes are no PNG, or a damaged one.</exception>
    /// <exception cref="ArgumentException">A keyword is empty, too long, or not in Latin-1.</exception>
    public static byte[] Insert(ReadOnlySpan<byte> png, IReadOnlyList<PngTextEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var header = Chunks(png, "image")[0];
        // Behind the content comes a checksum.
        var end = header.Content.End.Value + 4;
        var file = new MemoryStream(png.Length + entries.Sum(entry => entry.Text.Length));
        file.Write(png[..end]);
        foreach (var entry in entries)
        {
            Write(file, entry);
        }

        file.Write(png[end..]);
        return file.ToArray();
    }

    /// <summary>The texts of a file in order: plain, packed and Unicode ones.</summary>
    /// <param name="png">A whole PNG file.</param>
    /// <param name="name">What to call it in an error message.</param>
    /// <exception cref="ImageFormatException">The bytes are no PNG, or a damaged one.</exception>
    public static IReadOnlyList<PngTextEntry> Read(ReadOnlySpan<byte> png, string name)
    {
        List<PngTextEntry> entries = [];
        foreach (var chunk in Chunks(png, name))
        {
            if (chunk.Type is "tEXt" or "zTXt" or "iTXt")
            {
                entries.Add(Parse(chunk.Type, png[chunk.Content], name));
            }
        }

        return entries;
    }

    private static IReadOnlyList<PngChunk> Chunks(ReadOnlySpan<byte> png, string name)
    {
        if (!png.StartsWith(PngChunks.Signature))
        {
            throw new ImageFormatException($"\"{name}\" is not a PNG image.");
        }

        var chunks = PngChunks.Read(png, name);
        return chunks is [{ Type: "IHDR" }, ..] ? chunks : throw PngChunks.Damaged(name, "it has no header");
    }

    private static void Write(Stream file, PngTextEntry entry)
    {
        if (
            entry.Keyword.Length is 0 or > LongestKeyword
            || entry.Keyword.Any(letter => letter is < ' ' or > '~')
            || entry.Keyword != entry.Keyword.Trim()
        )
        {
            throw new ArgumentException($"'{entry.Keyword}' cannot be a keyword of a PNG text.", nameof(entry));
        }

        // A zero byte would end the text for some readers.
        var text = entry.Text.Replace('\0', '\uFFFD');
        var keyword = Encoding.Latin1.GetBytes(entry.Keyword);
        if (!entry.IsUnicode && text.All(letter => letter is '\n' or (>= ' ' and <= '~') or (>= '\u00A0' and <= 'ÿ')))
        {
            PngChunks.Write(file, "tEXt"u8, [.. keyword, 0, .. Encoding.Latin1.GetBytes(text)]);
        }
        else
        {
            // Behind the keyword: not packed, no method, no language, no translated keyword.
            PngChunks.Write(file, "iTXt"u8, [.. keyword, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)]);
        }
    }

    private static PngTextEntry Parse(string type, ReadOnlySpan<byte> content, string name)
    {
        var keyword = Encoding.Latin1.GetString(TakeToZero(ref content, name));
        if (type == "tEXt")
        {
            return new PngTextEntry(keyword, Encoding.Latin1.GetString(content));
        }

        if (type == "zTXt")
        {
            TakeByte(ref content, name);
            return new PngTextEntry(keyword, Encoding.Latin1.GetString(Unpack(content, name)));
        }

        var isPacked = TakeByte(ref content, name) != 0;
        TakeByte(ref content, name);
        TakeToZero(ref content, name);
        TakeToZero(ref content, name);
        var text = Encoding.UTF8.GetString(isPacked ? Unpack(content, name) : content);
        return new PngTextEntry(keyword, text) { IsUnicode = true };
    }

    private static byte TakeByte(ref ReadOnlySpan<byte> content, string name)
    {
        if (content.IsEmpty)
        {
            throw PngChunks.Damaged(name, "a text in it is incomplete");
        }

        var first = content[0];
        content = content[1..];
        return first;
    }

    private static ReadOnlySpan<byte> TakeToZero(ref ReadOnlySpan<byte> content, string name)
    {
        var length = content.IndexOf((byte)0);
        if (length < 0)
        {
            throw PngChunks.Damaged(name, "a text in it is incomplete");
        }

        var taken = content[..length];
        content = content[(length + 1)..];
        return taken;
    }

    private static byte[] Unpack(ReadOnlySpan<byte> content, string name)
    {
        using var packed = new MemoryStream(content.ToArray());
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        try
        {
            var buffer = new byte[1 << 16];
            for (int read; (read = zlib.Read(buffer)) > 0; )
            {
                unpacked.Write(buffer, 0, read);
                if (unpacked.Length > LongestText)
                {
                    throw PngChunks.Damaged(name, $"a text in it has more than {LongestText:N0} bytes");
                }
            }
        }
        catch (InvalidDataException)
        {
            throw PngChunks.Damaged(name, "a packed text in it cannot be unpacked");
        }

        return unpacked.ToArray();
    }
}
