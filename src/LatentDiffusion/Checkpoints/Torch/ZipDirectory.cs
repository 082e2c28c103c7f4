using System.Buffers.Binary;
using System.Text;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>
/// The table of contents of a zip archive whose entries are stored as they are, so that they can be read in place. It
/// unpacks nothing and makes no files: names are keys, and those that look like a way out of a folder are refused.
/// </summary>
/// <remarks>Checksums are not compared: PyTorch does not either, and has an option to write wrong ones.</remarks>
internal sealed class ZipDirectory
{
    private const int MaxDirectoryLength = 64 * 1024 * 1024;
    private const int EntryLength = 46;
    private const int LocalHeaderLength = 30;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const ushort Encrypted = 1;

    private readonly PositionalFile _file;
    private readonly Dictionary<string, Entry> _entries = [];

    private ZipDirectory(PositionalFile file) => _file = file;

    /// <summary>The names of the files, with their folders.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <exception cref="CheckpointFormatException">The archive is damaged or of a kind that torch.save does not make.</exception>
    public static ZipDirectory Read(PositionalFile file)
    {
        var (position, length, count) = ZipEnd.Find(file);
        if (length > MaxDirectoryLength)
        {
            throw file.Damaged($"the table of contents of the zip archive takes {length} bytes");
        }

        var bytes = new byte[length];
        file.ReadExactly(bytes, position);
        var directory = new ZipDirectory(file);
        ReadOnlySpan<byte> rest = bytes;
        for (ulong i = 0; i < count; i++)
        {
            rest = directory.Add(rest);
        }

        return directory;
    }

    /// <summary>Whether there is a file of this name that can be read in place.</summary>
    public bool IsStored(string name) => _entries.TryGetValue(name, out var entry) && IsPlain(entry);

    /// <summary>Where the bytes of a file lie.</summary>
    /// <exception cref="CheckpointFormatException">There is no such file, or it cannot be read in place.</exception>
    public (long Position, long Length) Locate(string name)
    {
        var quoted = OneLine.Quote(name);
        if (!_entries.TryGetValue(name, out var entry))
        {
            throw _file.Damaged($"{quoted} is missing in the zip archive");
        }

        if (!IsPlain(entry))
        {
            throw new CheckpointFormatException(
                $"{_file.Path}: {quoted} is compressed or encrypted, which torch.save does not do. Unpack the archive and "
                    + "pack it again without compression (zip -0), or save the weights again."
            );
        }

        var end = (ulong)_file.Length;
        if (entry.HeaderPosition > end || end - entry.HeaderPosition < LocalHeaderLength)
        {
            throw _file.Damaged($"{quoted} begins behind the end of the file");
        }

        Span<byte> header = stackalloc byte[LocalHeaderLength];
        _file.ReadExactly(header, (long)entry.HeaderPosition);
        var start =
            entry.HeaderPosition
            + LocalHeaderLength
            + BinaryPrimitives.ReadUInt16LittleEndian(header[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (
            BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature
            || start > end
            || end - start < entry.Length
        )
        {
            throw _file.Damaged($"{quoted} is not where the zip archive says, or is larger than the file");
        }

        return ((long)start, (long)entry.Length);
    }

    private static bool IsPlain(Entry entry) =>
        (entry.Flags & Encrypted) == 0 && entry.Method == 0 && entry.PackedLength == entry.Length;

    private ReadOnlySpan<byte> Add(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < EntryLength || BinaryPrimitives.ReadUInt32LittleEndian(rest) != EntrySignature)
        {
            throw Cut();
        }

        var nameEnd = EntryLength + BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
        var extraEnd = nameEnd + BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
        var end = extraEnd + BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
        if (end > rest.Length)
        {
            throw Cut();
        }

        var name = Encoding.UTF8.GetString(rest[EntryLength..nameEnd]);
        RequireInnerPath(name);
        var entry = new Entry(
            BinaryPrimitives.ReadUInt16LittleEndian(rest[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(rest[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(rest[42..])
        );
        if (!_entries.TryAdd(name, WithLongNumbers(entry, rest[nameEnd..extraEnd])))
        {
            throw _file.Damaged($"{OneLine.Quote(name)} is in the zip archive twice");
        }

        return rest[end..];
    }

    // Numbers beyond 32 bits stand in an extra field: those that are all ones in the entry, in this order.
    private Entry WithLongNumbers(Entry entry, ReadOnlySpan<byte> extra)
    {
        const ushort Zip64 = 1;
        while (extra.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (length > extra.Length)
            {
                throw Cut();
            }

            if (id == Zip64)
            {
                var numbers = extra[..length];
                var size = Long(entry.Length, ref numbers);
                var packed = Long(entry.PackedLength, ref numbers);
                return entry with
                {
                    Length = size,
                    PackedLength = packed,
                    HeaderPosition = Long(entry.HeaderPosition, ref numbers),
                };
            }

            extra = extra[length..];
        }

        return entry;
    }

    private ulong Long(ulong number, ref ReadOnlySpan<byte> numbers)
    {
        if (number != uint.MaxValue)
        {
            return number;
        }

        if (numbers.Length < sizeof(ulong))
        {
            throw Cut();
        }

        number = BinaryPrimitives.ReadUInt64LittleEndian(numbers);
        numbers = numbers[sizeof(ulong)..];
        return number;
    }

    private void RequireInnerPath(string name)
    {
        // Archivers add the folders themselves, with a slash at the end.
        var parts = (name.EndsWith('/') ? name[..^1] : name).Split('/');
        if (name.AsSpan().ContainsAny('\\', '\0', ':') || parts.Any(p => p is "" or "." or ".."))
        {
            throw _file.Damaged($"the zip archive has an entry with the unsafe name {OneLine.Quote(name)}");
        }
    }

    private CheckpointFormatException Cut() => _file.Damaged("the table of contents of the zip archive is damaged");

    private sealed record Entry(ushort Flags, ushort Method, ulong PackedLength, ulong Length, ulong HeaderPosition);
}
