using System.IO.Compression;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// The image files of a zip archive, ordered by path. Below the folders that all of them share, the first folder names
/// the class. Files are unpacked when they are asked for, one at a time: an archive may be larger than the memory.
/// </summary>
/// <remarks>The archive stays open until this is disposed or no longer in use.</remarks>
public sealed class ZipImageSource : IImageSource, IDisposable
{
    private readonly string _path;
    private readonly ZipArchive _archive;
    private readonly ZipArchiveEntry[] _entries;
    private readonly ImageRecord[] _records;

    // All entries are read through one stream.
    private readonly Lock _reading = new();

    private ZipImageSource(string path, ZipArchive archive)
    {
        (_path, _archive) = (path, archive);
        _entries =
        [
            .. archive.Entries.Where(e => IsImage(e.FullName)).OrderBy(e => e.FullName, StringComparer.Ordinal),
        ];
        if (_entries.Length == 0)
        {
            throw new UserInputException(
                $"Archive \"{path}\" holds no images (looked for {string.Join(", ", ImageSignature.Extensions)})."
            );
        }

        var names = _entries.Select(e => e.FullName).ToList();
        var shared = SharedFolders.LengthOf(names);
        var classes = names.Select(name => TopFolder(name[shared..])).ToList();
        var table = new ClassTable(classes);
        _records = [.. names.Zip(classes, (n, c) => new ImageRecord(n[shared..], c, table.IdOf(c), Caption: null))];
        ClassNames = table.Names;
    }

    /// <inheritdoc/>
    public int Count => _entries.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Opens an archive and reads its table of contents.</summary>
    /// <param name="path">A zip file.</param>
    /// <exception cref="UserInputException">The file is missing, no zip archive or without images.</exception>
    public static ZipImageSource Open(string path)
    {
        ZipArchive? archive = null;
        try
        {
            archive = ZipFile.OpenRead(path);
            return new ZipImageSource(path, archive);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            archive?.Dispose();
            throw new UserInputException($"Archive \"{path}\" cannot be read: {e.Message}", e);
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => _records[index];

    /// <inheritdoc/>
    /// <exception cref="UserInputException">The file is damaged or gone.</exception>
    public byte[] Read(int index)
    {
        try
        {
            lock (_reading)
            {
                return Read(_entries[index]);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new UserInputException(
                $"\"{_records[index].Name}\" of archive \"{_path}\" cannot be read: {e.Message}",
                e
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

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
}
