using System.IO.Compression;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// Images as an array of bytes [N, H, W, 3] called <c>arr_0</c> in a NumPy archive (.npz): the form in which sets of
/// samples are commonly passed around. Of an array that is stored as it is (numpy.savez), images are read from the file
/// when they are asked for, so that it may be larger than the memory; a compressed one (numpy.savez_compressed) stays
/// in memory.
/// </summary>
public sealed class PixelArraySource : IImageSource, IDecodedImages
{
    private const string ArrayName = "arr_0.npy";

    private readonly PixelArrayHeader _header;
    private readonly string _path;

    // All pixels, or where they begin in the file.
    private readonly byte[]? _pixels;
    private readonly long _start;

    private PixelArraySource(string path, PixelArrayHeader header, byte[]? pixels, long start) =>
        (_path, _header, _pixels, _start) = (path, header, pixels, start);

    /// <inheritdoc/>
    public int Count => _header.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => [];

    /// <summary>Opens an archive.</summary>
    /// <param name="path">An npz file.</param>
    /// <exception cref="UserInputException">The file is missing or damaged, or holds another kind of array.</exception>
    public static PixelArraySource Open(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var entry = archive.GetEntry(ArrayName) ?? throw new InvalidDataException("it is missing");
            using var stream = entry.Open();
            var header = PixelArrayHeader.Read(stream);
            return Locate(path, header) is { } start
                ? new PixelArraySource(path, header, pixels: null, start)
                : new PixelArraySource(path, header, ReadAll(stream, header), start: 0);
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or UnauthorizedAccessException or OverflowException)
        {
            throw new UserInputException($"Array \"{ArrayName}\" of \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => new($"{Path.GetFileName(_path)} image {index}", null, null, null);

    /// <inheritdoc/>
    public byte[] Read(int index) => PngEncoder.Encode(Decoded(index));

    RgbImage IDecodedImages.Decoded(int index) => Decoded(index);

    private RgbImage Decoded(int index)
    {
        var offset = (long)index * _header.ImageLength;
        var pixels = _pixels is null
            ? ReadAt(_start + offset)
            : _pixels.AsSpan((int)offset, _header.ImageLength).ToArray();
        return new RgbImage(_header.Width, _header.Height, pixels);
    }

    // Opened anew for every image, which takes microseconds, so that nobody has to close it.
    private byte[] ReadAt(long position)
    {
        try
        {
            using var file = PositionalFile.Open(_path);
            var pixels = new byte[_header.ImageLength];
            file.ReadExactly(pixels, position);
            return pixels;
        }
        catch (IOException e)
        {
            throw new UserInputException($"Array of images \"{_path}\" can no longer be read: {e.Message}", e);
        }
    }

    // Null for a compressed array.
    private static long? Locate(string path, PixelArrayHeader header)
    {
        using var file = PositionalFile.Open(path);
        var directory = ZipDirectory.Read(file);
        if (!directory.IsStored(ArrayName))
        {
            return null;
        }

        var (position, length) = directory.Locate(ArrayName);
        return length - header.Length >= header.PixelLength
            ? position + header.Length
            : throw new InvalidDataException($"{header.PixelLength} bytes of pixels are more than it has");
    }

    private static byte[] ReadAll(Stream stream, PixelArrayHeader header)
    {
        if (header.PixelLength > Array.MaxLength)
        {
            throw new InvalidDataException(
                $"it is compressed, and {header.PixelLength} bytes of pixels are too many to be unpacked into memory: "
                    + "store it with numpy.savez instead of numpy.savez_compressed"
            );
        }

        var pixels = new byte[header.PixelLength];
        stream.ReadExactly(pixels);
        return pixels;
    }
}
