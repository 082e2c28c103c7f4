using System.Buffers.Binary;
using System.IO.Hashing;

namespace LatentDiffusion.Imaging.Metadata;

/// <summary>A piece of a PNG file.</summary>
/// <param name="Type">Four letters.</param>
/// <param name="Content">Where in the file its content is.</param>
internal readonly record struct PngChunk(string Type, Range Content);

/// <summary>Takes PNG files apart and puts them together; what is in the chunks is left to others.</summary>
internal static class PngChunks
{
    // Length and type before the content, a checksum behind it.
    private const int Before = 8;
    private const int Behind = 4;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>All chunks before the end of the image.</summary>
    /// <param name="data">A whole file that begins with <see cref="Signature"/>.</param>
    /// <param name="name">What to call it in an error message.</param>
    /// <exception cref="ImageFormatException">The file is cut short or a checksum is wrong.</exception>
    public static IReadOnlyList<PngChunk> Read(ReadOnlySpan<byte> data, string name)
    {
        List<PngChunk> chunks = [];
        for (var at = Signature.Length; ; )
        {
            var rest = data[at..];
            if (
                rest.Length < Before + Behind
                || BinaryPrimitives.ReadUInt32BigEndian(rest) > rest.Length - Before - Behind
            )
            {
                throw Damaged(name, "it is cut short");
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (
                BinaryPrimitives.ReadUInt32BigEndian(rest[(Before + length)..])
                != Crc32.HashToUInt32(rest.Slice(4, 4 + length))
            )
            {
                throw Damaged(name, "a checksum is wrong");
            }

            var type = System.Text.Encoding.Latin1.GetString(rest.Slice(4, 4));
            if (type == "IEND")
            {
                return chunks;
            }

            chunks.Add(new PngChunk(type, (at + Before)..(at + Before + length)));
            at += Before + length + Behind;
        }
    }

    public static void Write(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(type);
        file.Write(content);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        file.Write(number);
    }

    public static ImageFormatException Damaged(string name, string how) =>
        new($"Image \"{name}\" is damaged: {how}. Copy it again or remove it.");
}
