using System.Buffers.Binary;
using System.Text;

namespace LatentDiffusion.Tests.Tensors.Runtime;

/// <summary>Writes the parts of a 64-bit ELF library that name the symbol versions it needs, and nothing else.</summary>
internal static class SmallElf
{
    private const int HeaderSize = 64;
    private const int SectionSize = 64;
    private const int RecordSize = 16;

    public static byte[] Write(IReadOnlyList<(string Library, string[] Versions)> needs)
    {
        var names = needs.SelectMany(n => n.Versions.Prepend(n.Library)).Distinct().ToList();
        var text = "\0" + string.Concat(names.Select(n => n + '\0'));
        var records = HeaderSize;
        var strings = records + needs.Sum(n => (1 + n.Versions.Length) * RecordSize);
        var sections = strings + text.Length;
        var image = new byte[sections + 2 * SectionSize];

        "\u007fELF\u0002\u0001"u8.CopyTo(image);
        Put64(image, 0x28, sections);
        Put16(image, 0x3a, SectionSize);
        Put16(image, 0x3c, 2);
        Encoding.ASCII.GetBytes(text).CopyTo(image, strings);

        // Section 0: version requirements, linked to section 1: their strings.
        Put32(image, sections + 4, 0x6ffffffe);
        Put64(image, sections + 0x18, records);
        Put32(image, sections + 0x28, 1);
        Put32(image, sections + SectionSize + 4, 3);
        Put64(image, sections + SectionSize + 0x18, strings);

        var at = records;
        for (var i = 0; i < needs.Count; i++)
        {
            var (library, versions) = needs[i];
            var size = (1 + versions.Length) * RecordSize;
            Put16(image, at, 1);
            Put16(image, at + 2, versions.Length);
            Put32(image, at + 4, OffsetOf(library));
            Put32(image, at + 8, RecordSize);
            Put32(image, at + 12, i == needs.Count - 1 ? 0 : size);
            for (var j = 0; j < versions.Length; j++)
            {
                var aux = at + (1 + j) * RecordSize;
                Put32(image, aux + 8, OffsetOf(versions[j]));
                Put32(image, aux + 12, j == versions.Length - 1 ? 0 : RecordSize);
            }

            at += size;
        }

        return image;

        int OffsetOf(string name) => text.IndexOf($"\0{name}\0", StringComparison.Ordinal) + 1;
    }

    private static void Put16(byte[] image, int at, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), (ushort)value);

    private static void Put32(byte[] image, int at, int value) =>
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(at), value);

    private static void Put64(byte[] image, int at, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(at), value);
}
