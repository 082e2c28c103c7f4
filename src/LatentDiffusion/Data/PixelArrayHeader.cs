using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LatentDiffusion.Data;

/// <summary>What the beginning of a NumPy array says of images that are bytes [N, H, W, 3], row-major.</summary>
/// <param name="Count">N.</param>
/// <param name="Height">H, in pixels.</param>
/// <param name="Width">W, in pixels.</param>
/// <param name="Length">Bytes of the header itself: the pixels begin there.</param>
internal sealed partial record PixelArrayHeader(int Count, int Height, int Width, int Length)
{
    private const int PrefixLength = 8;

    /// <summary>Bytes of one image.</summary>
    public int ImageLength => checked(3 * Height * Width);

    /// <summary>Bytes of all images.</summary>
    public long PixelLength => checked((long)ImageLength * Count);

    /// <summary>Reads a header.</summary>
    /// <param name="stream">The array, at its beginning.</param>
    /// <exception cref="InvalidDataException">It is no such array, or an empty one.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    /// <exception cref="OverflowException">It claims more than there can be.</exception>
    public static PixelArrayHeader Read(Stream stream)
    {
        var prefix = new byte[PrefixLength];
        stream.ReadExactly(prefix);
        if (prefix[0] != 0x93 || !prefix.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException("it is no NumPy array");
        }

        // Version 1 has a short length, later ones a long one.
        var lengthBytes = new byte[prefix[6] == 1 ? 2 : 4];
        stream.ReadExactly(lengthBytes);
        var length =
            lengthBytes.Length == 2
                ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes)
                : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > ushort.MaxValue)
        {
            throw new InvalidDataException($"its description is {length} bytes long");
        }

        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return Parse(Encoding.Latin1.GetString(bytes), PrefixLength + lengthBytes.Length + bytes.Length);
    }

    private static PixelArrayHeader Parse(string description, int length)
    {
        if (Shape().Match(description) is not { Success: true } shape || !Bytes().IsMatch(description))
        {
            throw new InvalidDataException($"it must be bytes [N, H, W, 3], but is {description.Trim()}");
        }

        var sizes = shape.Groups.Values.Skip(1).Select(g => int.Parse(g.Value, CultureInfo.InvariantCulture)).ToArray();
        var header = new PixelArrayHeader(sizes[0], sizes[1], sizes[2], length);
        return header.PixelLength > 0 ? header : throw new InvalidDataException("it has no pixels");
    }

    [GeneratedRegex(@"'shape':\s*\(\s*(\d+),\s*(\d+),\s*(\d+),\s*3\s*,?\s*\)")]
    private static partial Regex Shape();

    [GeneratedRegex(@"(?=.*'descr':\s*'[|<>=]?u1')(?=.*'fortran_order':\s*False)")]
    private static partial Regex Bytes();
}
