using System.IO.Compression;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// The image files of a zip archive, ordered by path. Below the folders that all of them share, the first folder names the
/// class. The files stay in memory as they are stored, so an archive should fit there.
/// </summary>
public sealed class ZipImageSource : IImageSource
{
    private readonly byte[][] _images;
    private readonly ImageRecord[] _records;

    private ZipImageSource(byte[][] images, ImageRecord[] records, IReadOnlyList<string> classNames) =>
        (_images, _records, ClassNames) = (images, records, classNames);

    /// <inheritdoc/>
    public int Count => _images.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Reads an archive.</summary>
    /// <param name="path">A zip file.</param>
    /// <exception cref="UserInputException">The file is missing, no zip archive, damaged or without images.</exception>
    public static ZipImageSource Open(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var entries = archive
                .Entries.Where(e => IsImage(e.FullName))
                .OrderBy(e => e.FullName, StringComparer.Ordinal)
                .ToList();
            if (entries.Count == 0)
            {
                throw new UserInputException(
                    $"Archive \"{path}\" holds no images (looked for {string.Join(", ", ImageSignature.Extensions)})."
                );
            }

            var names = entries.Select(e => e.FullName).ToList();
            var shared = SharedFolders(names);
            var classes = names.Select(name => TopFolder(name[shared..])).ToList();
            var table = new ClassTable(classes);
            return new ZipImageSource(
                [.. entries.Select(Read)],
                [.. names.Zip(classes, (n, c) => new ImageRecord(n[shared..], c, table.IdOf(c), Caption: null))],
                table.Names
            );
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Archive \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => _records[index];

    /// <inheritdoc/>
    public byte[] Read(int index) => _images[index];

    // As in image folders, hidden files (and the copies of them that macOS adds) are passed over.
    private static bool IsImage(string name) =>
        ImageSignature.Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)
        && !name.Split('/').Any(part => part.StartsWith('.') || part == "__MACOSX");

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static string? TopFolder(string name) =>
        name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? name[..slash] : null;

    private static int SharedFolders(List<string> names)
    {
        var length = 0;
        while (TopFolder(names[0][length..]) is { } folder)
        {
            var next = names[0][..(length + folder.Length + 1)];
            if (!names.TrueForAll(name => name.StartsWith(next, StringComparison.Ordinal)))
            {
                break;
            }

            length = next.Length;
        }

        return length;
    }
}
