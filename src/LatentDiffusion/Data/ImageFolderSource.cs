using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// The images below a folder, ordered by relative path. The first sub-folder names the class
/// (<c>root/cat/x.png</c>, deeper folders are fine). Captions come from <c>metadata.jsonl</c> files or else from the first
/// line of a text file of the same name (<c>x.txt</c>). Hidden files and folders are passed over. Image files are read
/// when asked for; only their first bytes are looked at on opening.
/// </summary>
public sealed class ImageFolderSource : IImageSource
{
    private readonly string _root;
    private readonly ImageRecord[] _records;

    private ImageFolderSource(string root, ImageRecord[] records, IReadOnlyList<string> classNames)
    {
        _root = root;
        _records = records;
        ClassNames = classNames;
    }

    /// <inheritdoc/>
    public int Count => _records.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Lists a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="columns">Which metadata columns to use; the defaults if not given.</param>
    /// <exception cref="UserInputException">
    /// The folder is missing or has no images, an image file holds something else, or the metadata is wrong.
    /// </exception>
    public static ImageFolderSource Open(string root, SourceColumns? columns = null)
    {
        if (!Directory.Exists(root))
        {
            throw new UserInputException($"Image folder \"{root}\" does not exist. Check the path.");
        }

        try
        {
            return List(root, columns ?? new SourceColumns());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Image folder \"{root}\" cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => _records[index];

    /// <inheritdoc/>
    public byte[] Read(int index)
    {
        var path = Path.Combine(_root, _records[index].Name);
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Image \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    private static ImageFolderSource List(string root, SourceColumns columns)
    {
        var files = RelativeFiles(root);
        var images = files.Where(IsImage).ToArray();
        if (images.Length == 0)
        {
            var extensions = string.Join(", ", ImageSignature.Extensions);
            throw new UserInputException($"Image folder \"{root}\" holds no images (looked for {extensions}).");
        }

        CheckSignatures(root, images);
        var metadata = FolderMetadata.Read(
            root,
            files.Where(file => Path.GetFileName(file) == FolderMetadata.FileName)
        );
        CheckColumns(root, metadata, images, columns);

        string? ClassOf(string image) =>
            columns.Class is null ? TopFolder(image) : metadata.Value(image, columns.Class);
        var classes = new ClassTable(images.Select(ClassOf));
        var kept = columns.Filter is { } filter
            ? [.. images.Where(image => filter.Keeps(column => metadata.Value(image, column)))]
            : images;
        if (kept.Length == 0)
        {
            throw new UserInputException(
                $"None of the {images.Length} images of \"{root}\" has {columns.Filter}. Change the filter."
            );
        }

        var captions = new CaptionReader(root, files, metadata, columns.Caption);
        var records = kept.Select(image => new ImageRecord(
            image,
            ClassOf(image),
            classes.IdOf(ClassOf(image)),
            captions.CaptionOf(image)
        ));
        return new ImageFolderSource(root, [.. records], classes.Names);
    }

    private static string[] RelativeFiles(string root)
    {
        var visible = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = false,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
            // Ends a loop of links.
            MaxRecursionDepth = 16,
        };
        var files = Directory
            .EnumerateFiles(root, "*", visible)
            .Select(file => Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/'))
            .ToArray();
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static bool IsImage(string file) =>
        ImageSignature.Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    private static string? TopFolder(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? null : image[..slash];
    }

    private static void CheckSignatures(string root, IEnumerable<string> images)
    {
        Span<byte> start = stackalloc byte[ImageSignature.Length];
        foreach (var image in images)
        {
            var path = Path.Combine(root, image);
            using var file = File.OpenHandle(path);
            var found = start[..RandomAccess.Read(file, start, fileOffset: 0)];
            if (ImageSignature.Recognise(found) == ImageFormat.Unknown)
            {
                throw ImageDecoder.NotAnImage(path, found);
            }
        }
    }

    private static void CheckColumns(string root, FolderMetadata metadata, string[] images, SourceColumns columns)
    {
        var missing = metadata.NamedBy.Keys.Except(images, StringComparer.Ordinal).FirstOrDefault();
        if (missing is not null)
        {
            throw new UserInputException(
                $"{metadata.NamedBy[missing]} names image \"{missing}\", which is not in \"{root}\". Correct the file_name."
            );
        }

        var unknown = new[] { columns.Class, columns.Caption }
            .Concat(columns.Filter?.Columns ?? [])
            .OfType<string>()
            .FirstOrDefault(column => !metadata.Columns.Contains(column));
        if (unknown is not null)
        {
            var known = metadata.IsEmpty
                ? $"there is no {FolderMetadata.FileName}"
                : $"{FolderMetadata.FileName} has {string.Join(", ", metadata.Columns.Order(StringComparer.Ordinal))}";
            throw new UserInputException($"Image folder \"{root}\" has no column \"{unknown}\": {known}.");
        }
    }
}
