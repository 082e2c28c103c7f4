using System.Text;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>The members of a tar archive, to be read in place. Nothing is unpacked: names are keys.</summary>
internal static class TarDirectory
{
    private const int BlockLength = 512;
    private const int MaxMembers = 64;
    private const int NameLength = 100;
    private const byte PlainFile = (byte)'0';

    /// <returns>Position and length of the plain members by name.</returns>
    /// <exception cref="CheckpointFormatException">The archive is damaged.</exception>
    public static IReadOnlyDictionary<string, (long Position, long Length)> Read(PositionalFile file)
    {
        Dictionary<string, (long, long)> members = [];
        Span<byte> header = stackalloc byte[BlockLength];
        long position = 0;
        for (var number = 0; file.Length - position >= BlockLength; number++)
        {
            file.ReadExactly(header, position);
            if (!header.ContainsAnyExcept((byte)0))
            {
                break;
            }

            if (number == MaxMembers || !header[257..].StartsWith("ustar"u8))
            {
                throw file.Damaged("the tar archive is damaged");
            }

            position += BlockLength;
            var length = Length(file, header[124..136]);
            if (length > file.Length - position)
            {
                throw file.Damaged("a member of the tar archive is larger than the file");
            }

            var name = Text(header[..NameLength]);
            if (header[156] is 0 or PlainFile && !members.TryAdd(Plain(name), (position, length)))
            {
                throw file.Damaged("the tar archive has a member twice");
            }

            position += (length + BlockLength - 1) / BlockLength * BlockLength;
        }

        return members;
    }

    private static string Plain(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static long Length(PositionalFile file, ReadOnlySpan<byte> field)
    {
        long length = 0;
        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                throw file.Damaged("a member of the tar archive has a length that is not octal");
            }

            length = (length << 3) + digit - '0';
        }

        return length;
    }
}
