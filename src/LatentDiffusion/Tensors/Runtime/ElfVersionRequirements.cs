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

    // Both record types take 16 bytes, so a sound file cannot hold more of them than this share of its length.
    private const int RecordSize = 16;

    /// <summary>Marks every requirement for <paramref name="version"/> in <paramref name="library"/> as weak, in place.</summary>
    /// <param name="image">The whole file.</param>
    /// <param name="library">The library that should provide the version, for example <c>libstdc++.so.6</c>.</param>
    /// <param name="version">The version name, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>How many records matched and were not weak before.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a 64-bit little-endian ELF file, or it is damaged.</exception>
    public static int MarkWeak(Span<byte> image, string library, string version)
    {
        if (!image.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("The file is not a 64-bit little-endian ELF library.");
        }

        var wanted = new Requirement(Encoding.ASCII.GetBytes(library + '\0'), Encoding.ASCII.GetBytes(version + '\0'));
        var sectionTable = ReadOffset(image, 0x28);
        var sectionSize = ReadUInt16(image, 0x3a);
        var sectionCount = ReadUInt16(image, 0x3c);
        var recordsLeft = image.Length / RecordSize;
        var matched = 0;
        for (var i = 0; i < sectionCount; i++)
        {
            var section = sectionTable + i * sectionSize;
            if (ReadUInt32(image, section + 4) != SectionTypeGnuVerneed)
            {
                continue;
            }

            var records = ReadOffset(image, section + 0x18);
            var stringsSection = sectionTable + (long)ReadUInt32(image, section + 0x28) * sectionSize;
            var strings = ReadOffset(image, stringsSection + 0x18);
            matched += MarkWeakInSection(image, records, strings, wanted, ref recordsLeft);
        }

        return matched;
    }

    // Elfxx_Verneed: u16 version, u16 count, u32 file, u32 aux, u32 next.
    // Elfxx_Vernaux: u32 hash, u16 flags, u16 other, u32 name, u32 next.
    private static int MarkWeakInSection(
        Span<byte> image,
        long need,
        long strings,
        Requirement wanted,
        ref int recordsLeft
    )
    {
        var matched = 0;
        while (true)
        {
            CountRecord(ref recordsLeft);
            var isLibrary = HoldsAt(image, strings + ReadUInt32(image, need + 4), wanted.Library);
            var aux = need + ReadUInt32(image, need + 8);
            for (int i = 0, count = ReadUInt16(image, need + 2); i < count && isLibrary; i++)
            {
                CountRecord(ref recordsLeft);
                var flags = ReadUInt16(image, aux + 4);
                if (
                    (flags & VersionFlagWeak) == 0
                    && HoldsAt(image, strings + ReadUInt32(image, aux + 8), wanted.Version)
                )
                {
                    var weak = (ushort)(flags | VersionFlagWeak);
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(int)(aux + 4)..], weak);
                    matched++;
                }

                aux += ReadUInt32(image, aux + 12);
            }

            var next = ReadUInt32(image, need + 12);
            if (next == 0)
            {
                return matched;
            }

            need += next;
        }
    }

    // Records of a damaged file may overlap or repeat: without a limit they could be walked for hours.
    private static void CountRecord(ref int recordsLeft)
    {
        if (--recordsLeft < 0)
        {
            throw Damaged();
        }
    }

    private static bool HoldsAt(ReadOnlySpan<byte> image, long at, byte[] text) => Slice(image, at, 0).StartsWith(text);

    private static ushort ReadUInt16(ReadOnlySpan<byte> image, long at) =>
        BinaryPrimitives.ReadUInt16LittleEndian(Slice(image, at, sizeof(ushort)));

    private static uint ReadUInt32(ReadOnlySpan<byte> image, long at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Slice(image, at, sizeof(uint)));

    // Offsets beyond the file's length are refused here, so that sums of them cannot overflow.
    private static long ReadOffset(ReadOnlySpan<byte> image, long at)
    {
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(Slice(image, at, sizeof(ulong)));
        return offset <= (ulong)image.Length ? (long)offset : throw Damaged();
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> image, long at, int length) =>
        at >= 0 && at <= image.Length - length ? image[(int)at..] : throw Damaged();

    private static InvalidDataException Damaged() => new("The ELF file is cut short or its tables are damaged.");

    private readonly record struct Requirement(byte[] Library, byte[] Version);
}
