using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Cli.Study;

/// <summary>Which picture of a trial.</summary>
internal enum StudyPicture
{
    Input,
    First,
    Second,
}

/// <summary>
/// The images that people compare: two results for everything, and the input if there is one. They go together by their names
/// within the folders, the kind of file aside.
/// </summary>
internal sealed class StudyPairs
{
    private readonly Dictionary<StudyPicture, (ImageFolderSource Source, Dictionary<string, int> Index)> _folders;

    private StudyPairs(
        IReadOnlyList<string> names,
        Dictionary<StudyPicture, (ImageFolderSource Source, Dictionary<string, int> Index)> folders
    ) => (Names, _folders) = (names, folders);

    /// <summary>What is compared, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether there are inputs to show.</summary>
    public bool HaveInputs => _folders.ContainsKey(StudyPicture.Input);

    /// <summary>Lists the folders.</summary>
    /// <exception cref="UserInputException">A folder has no images, or an image of the first has no partner.</exception>
    public static StudyPairs Open(string first, string second, string? inputs)
    {
        var paths = new Dictionary<StudyPicture, string>
        {
            [StudyPicture.First] = first,
            [StudyPicture.Second] = second,
        };
        if (inputs is not null)
        {
            paths[StudyPicture.Input] = inputs;
        }

        var folders = paths.ToDictionary(path => path.Key, path => Read(path.Value));
        var names = folders[StudyPicture.First].Index.Keys.Order(StringComparer.Ordinal).ToList();
        foreach (var (picture, path) in paths)
        {
            var missing = names.Find(name => !folders[picture].Index.ContainsKey(name));
            if (missing is not null)
            {
                throw new UserInputException(
                    $"\"{path}\" has no image \"{missing}\", which \"{first}\" has: give folders with the same names."
                );
            }
        }

        return new StudyPairs(names, folders);
    }

    /// <summary>A picture as PNG, without what its file says of its making.</summary>
    /// <exception cref="UserInputException">It cannot be decoded.</exception>
    public byte[] Read(string name, StudyPicture picture)
    {
        var (source, index) = _folders[picture];
        return PngEncoder.Encode(ImageDecoder.Decode(source.Read(index[name]), name));
    }

    private static (ImageFolderSource Source, Dictionary<string, int> Index) Read(string folder)
    {
        var source = ImageFolderSource.Open(folder);
        Dictionary<string, int> index = new(StringComparer.Ordinal);
        for (var i = 0; i < source.Count; i++)
        {
            index.TryAdd(Path.ChangeExtension(source.Describe(i).Name, null), i);
        }

        return (source, index);
    }
}
