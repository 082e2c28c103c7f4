using LatentDiffusion.Data.Preparation;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Composition;

/// <summary>
/// The image files below a folder, whatever else lies there; files that only claim to be images are found out when they are
/// decoded. Captions are the first lines of text files of the same name.
/// </summary>
internal sealed class LooseFolder(string root) : IImageSource
{
    private readonly string[] _files = [.. PhotoCollection.FilesBelow(root)];

    /// <summary>Top folders of Tux Paint's stamps.</summary>
    public static HashSet<string> CollectionFolders { get; } =
        new HashSet<string>(StringComparer.Ordinal)
        {
            "animals",
            "cartoon",
            "clothes",
            "food",
            "hobbies",
            "household",
            "medical",
            "military",
            "naturalforces",
            "people",
            "plants",
            "seasonal",
            "space",
            "sports",
            "symbols",
            "town",
            "vehicles",
        };

    public int Count => _files.Length;

    public IReadOnlyList<string> ClassNames => [];

    public ImageRecord Describe(int index)
    {
        var name = Path.GetRelativePath(root, _files[index]).Replace(Path.DirectorySeparatorChar, '/');
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var text = Path.ChangeExtension(_files[index], ".txt");
        var caption = File.Exists(text) ? File.ReadLines(text).FirstOrDefault()?.Trim() : null;
        return new ImageRecord(name, slash < 0 ? null : name[..slash], null, caption);
    }

    public byte[] Read(int index)
    {
        try
        {
            return File.ReadAllBytes(_files[index]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Image \"{_files[index]}\" cannot be read: {e.Message}", e);
        }
    }
}
