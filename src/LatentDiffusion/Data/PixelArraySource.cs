using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// Images as an array of bytes [N, H, W, 3] called <c>arr_0</c> in a NumPy archive (.npz): the form in which sets of samples
/// are commonly passed around. The array stays in memory.
/// </summary>
public sealed partial class PixelArraySource : IImageSource, IDecodedImages
{
    private const string ArrayName = "arr_0.npy";
    private const int PrefixLength = 8;

    private readonly byte[] _pixels;
    private readonly int _height;
    private readonly int _width;
    private readonly string _name;

    private PixelArraySource(string name, byte[] pixels, int count, int height, int width) =>
        (_name, _pixels, Count, _height, _width) = (name, pixels, count, height, width);

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <summary>Reads an archive.</summary>
    /// <param name="path">An npz file.</param>
    /// <exception cref="UserInputException">The file is missing or damaged, or holds another kind of array.</exception>
    public static PixelArraySource Open(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            using var stream =
                archive.GetEntry(ArrayName)?.Open() ?? throw new InvalidDataException($"it has no array '{ArrayName}'");
            var header = ReadHeader(stream);
            if (Shape().Match(header) is not { Success: true } shape || !Bytes().IsMatch(header))
            {
                throw new InvalidDataException($"'{ArrayName}' must be bytes [N, H, W, 3], but is {header.Trim()}");
            }

            var sizes = shape
                .Groups.Values.Skip(1)
                .Select(g => int.Parse(g.Value, CultureInfo.InvariantCulture))
                .ToArray();
            var (count, height, width) = (sizes[0], sizes[1], sizes[2]);
            var length = 3L * count * height * width;
            if (length is 0 || length > Array.MaxLength)
            {
                throw new InvalidDataException(
                    $"'{ArrayName}' has {length} bytes, and must have 1 to {Array.MaxLength}"
                );
            }

            var pixels = new byte[length];
            stream.ReadExactly(pixels);
            return new PixelArraySource(Path.GetFileName(path), pixels, count, height, width);
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or UnauthorizedAccessException or OverflowException)
        {
            throw new UserInputException($"Array of images \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => new($"{_name} image {index}", null, null, null);

    /// <inheritdoc/>
    public byte[] Read(int index) => PngEncoder.Encode(Decoded(index));

    RgbImage IDecodedImages.Decoded(int index) => Decoded(index);

    private RgbImage Decoded(int index)
    {
        var size = 3 * _height * _width;
        return new RgbImage(_width, _height, _pixels.AsSpan(index * size, size).ToArray());
    }

    private static string ReadHeader(Stream stream)
    {
        var prefix = new byte[PrefixLength];
        stream.ReadExactly(prefix);
        if (prefix[0] != 0x93 || !prefix.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException($"'{ArrayName}' is no NumPy array");
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
            throw new InvalidDataException($"the description of '{ArrayName}' is {length} bytes long");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        return Encoding.Latin1.GetString(header);
    }

    [GeneratedRegex(@"'shape':\s*\(\s*(\d+),\s*(\d+),\s*(\d+),\s*3\s*,?\s*\)")]
    private static partial Regex Shape();

    [GeneratedRegex(@"(?=.*'descr':\s*'[|<>=]?u1')(?=.*'fortran_order':\s*False)")]
    private static partial Regex Bytes();
}
