using System.Buffers.Binary;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>Finds a zip archive's table of contents by the records at the end of the file.</summary>
internal static class ZipEnd
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int LongEndLength = 56;
    private const uint EndSignature = 0x06054b50;
    private const uint LocatorSignature = 0x07064b50;
    private const uint LongEndSignature = 0x06064b50;

    /// <returns>Where the table of contents begins, its bytes, and its number of entries.</returns>
    /// <exception cref="CheckpointFormatException">There is no such table within the file.</exception>
    public static (long Position, long Length, ulong Count) Find(PositionalFile file)
    {
        var tail = new byte[Math.Min(file.Length, EndLength + ushort.MaxValue + LocatorLength)];
        var tailStart = file.Length - tail.Length;
        file.ReadExactly(tail, tailStart);
        var at = FindEnd(tail);
        if (at < 0)
        {
            throw file.Damaged("the zip archive has no end, so the file was cut short");
        }

        var end = tail.AsSpan(at);
        ulong count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        ulong length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        ulong position = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        var limit = (ulong)(tailStart + at);
        var locator = tail.AsSpan(Math.Max(at - LocatorLength, 0));
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) == LocatorSignature)
        {
            var longEnd = ReadLongEnd(file, BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]), limit);
            count = BinaryPrimitives.ReadUInt64LittleEndian(longEnd[32..]);
            length = BinaryPrimitives.ReadUInt64LittleEndian(longEnd[40..]);
            position = BinaryPrimitives.ReadUInt64LittleEndian(longEnd[48..]);
        }

        if (position > limit || length > limit - position)
        {
            throw file.Damaged(
                "the zip archive's table of contents lies outside of the file, so the file was cut short"
            );
        }

        return ((long)position, (long)length, count);
    }

    // The record ends with a comment of any length; it counts only when that takes it to the end of the file.
    private static int FindEnd(ReadOnlySpan<byte> tail)
    {
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            var end = tail[at..];
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(end) == EndSignature
                && BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) == end.Length - EndLength
            )
            {
                return at;
            }
        }

        return -1;
    }

    private static ReadOnlySpan<byte> ReadLongEnd(PositionalFile file, ulong position, ulong limit)
    {
        var bytes = new byte[LongEndLength];
        if (position <= limit && limit - position >= LongEndLength)
        {
            file.ReadExactly(bytes, (long)position);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes) == LongEndSignature
            ? bytes
            : throw file.Damaged("the zip archive has no end, so the file was cut short");
    }
}
