using System.Buffers.Binary;
using System.Text;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Reads and relaxes the symbol versions that a 64-bit little-endian ELF shared library needs from other libraries
/// (its <c>.gnu.version_r</c> section).
/// </summary>
/// <remarks>
/// The dynamic loader refuses a library when a version it names is missing on the host, unless the record carries
/// <c>VER_FLG_WEAK</c>. Marking a record weak is safe only when no symbol of that version is ever called.
/// </remarks>
internal static class ElfVersionRequirements
{
    private const int SectionTypeGnuVerneed = 0x6ffffffe;
    private const ushort VersionFlagWeak = 0x2;

    /// <summary>Marks every requirement for <paramref name="version"/> in <paramref name="library"/> as weak, in place.</summary>
    /// <param name="image">The whole file.</param>
    /// <param name="library">The library that should provide the version, for example <c>libstdc++.so.6</c>.</param>
    /// <param name="version">The version name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>How many records matched and were not weak before.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a 64-bit little-endian ELF file or are cut short.</exception>
    public static int MarkWeak(Span<byte> image, string library, string version)
    {
        try
        {
            return MarkWeakUnchecked(image, library, version);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new InvalidDataException("The ELF file is cut short or its section table is damaged.", e);
        }
    }

    private static int MarkWeakUnchecked(Span<byte> image, string library, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("The file is not a 64-bit little-endian ELF library.");
        }

        var sectionTable = (int)ReadUInt64(image, 0x28);
        var sectionSize = ReadUInt16(image, 0x3a);
        var sectionCount = ReadUInt16(image, 0x3c);
        var matched = 0;
        for (var i = 0; i < sectionCount; i++)
        {
            var section = sectionTable + i * sectionSize;
            if (ReadUInt32(image, section + 4) != SectionTypeGnuVerneed)
            {
                continue;
            }

            var offset = (int)ReadUInt64(image, section + 0x18);
            var stringsSection = sectionTable + (int)ReadUInt32(image, section + 0x28) * sectionSize;
            var strings = (int)ReadUInt64(image, stringsSection + 0x18);
            matched += MarkWeakInSection(image, offset, strings, library, version);
        }

        return matched;
    }

    // Elfxx_Verneed: u16 version, u16 count, u32 file, u32 aux, u32 next.
    // Elfxx_Vernaux: u32 hash, u16 flags, u16 other, u32 name, u32 next.
    private static int MarkWeakInSection(Span<byte> image, int need, int strings, string library, string version)
    {
        var matched = 0;
        while (true)
        {
            var isLibrary = ReadString(image, strings + (int)ReadUInt32(image, need + 4)) == library;
            var aux = need + (int)ReadUInt32(image, need + 8);
            for (int i = 0, count = ReadUInt16(image, need + 2); i < count && isLibrary; i++)
            {
                var flags = ReadUInt16(image, aux + 4);
                if (
                    (flags & VersionFlagWeak) == 0
                    && ReadString(image, strings + (int)ReadUInt32(image, aux + 8)) == version
                )
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(aux + 4)..], (ushort)(flags | VersionFlagWeak));
                    matched++;
                }

                aux += (int)ReadUInt32(image, aux + 12);
            }

            var next = ReadUInt32(image, need + 12);
            if (next == 0)
            {
                return matched;
            }

            need += (int)next;
        }
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> image, int at) =>
        BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    private static uint ReadUInt32(ReadOnlySpan<byte> image, int at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);

    private static ulong ReadUInt64(ReadOnlySpan<byte> image, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(image[at..]);

    private static string ReadString(ReadOnlySpan<byte> image, int at)
    {
        var tail = image[at..];
        var end = tail.IndexOf((byte)0);
        return Encoding.ASCII.GetString(tail[..(end < 0 ? 0 : end)]);
    }
}
