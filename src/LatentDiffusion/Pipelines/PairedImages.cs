using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Images and their reconstructions. Those of folders and zip archives go together by their paths, whatever the kind of
/// file (<c>cat/1.jpg</c> and <c>cat/1.png</c> are a pair). Images of arrays and tables have no names: where one of the
/// two is such a file, the first goes with the first, and so on.
/// </summary>
public sealed class PairedImages
{
    private readonly Func<int, RgbImage> _input;
    private readonly Func<int, RgbImage> _output;
    private readonly IReadOnlyList<(string Name, int Input, int Output)> _pairs;

    private PairedImages(
        Func<int, RgbImage> input,
        Func<int, RgbImage> output,
        IReadOnlyList<(string Name, int Input, int Output)> pairs
    ) => (_input, _output, _pairs) = (input, output, pairs);

    /// <summary>How many pairs there are.</summary>
    public int Count => _pairs.Count;

    /// <summary>Whether images go together by their position, named ones being in the order of their paths.</summary>
    public bool IsByPosition { get; private init; }

    /// <summary>Whether the images of a source have names that other files may have too: paths, not rows.</summary>
    public static bool HasNames(IImageSource source) => source is ImageFolderSource or ZipImageSource;

    /// <summary>Opens both.</summary>
    /// <param name="inputs">The images: a folder, or a .zip, .npz or .parquet file.</param>
    /// <param name="reconstructions">Their reconstructions, in any of these.</param>
    /// <param name="size">Side of the squares that all images are made, or null to take them as they are.</param>
    /// <param name="filter">Which of the inputs to take, by columns; null for all.</param>
    /// <exception cref="UserInputException">
    /// One of them is missing or has no images, an image has no partner or two, or there are not as many of both.
    /// </exception>
    public static PairedImages Open(string inputs, string reconstructions, int? size, RowFilter? filter = null)
    {
        var first = ImageSources.Open(inputs, new SourceColumns { Filter = filter });
        var second = ImageSources.Open(reconstructions);
        var byPosition = !(HasNames(first) && HasNames(second));
        return new PairedImages(
            Reader(first, size),
            Reader(second, size),
            byPosition
                ? ByPosition(first, second, inputs, reconstructions)
                : ByName(first, second, inputs, reconstructions)
        )
        {
            IsByPosition = byPosition,
        };
    }

    /// <summary>Decodes pairs as the result is read.</summary>
    /// <param name="indices">Which of them, counted from 0.</param>
    /// <exception cref="UserInputException">An image cannot be read or decoded.</exception>
    public IEnumerable<ReconstructionPair> Read(IEnumerable<int> indices) =>
        indices
            .Select(i => _pairs[i])
            .Select(pair => new ReconstructionPair(pair.Name, _input(pair.Input), _output(pair.Output)));

    private static List<(string Name, int Input, int Output)> ByPosition(
        IImageSource first,
        IImageSource second,
        string inputs,
        string reconstructions
    ) =>
        first.Count == second.Count
            ? [.. Enumerable.Range(0, first.Count).Select(i => (first.Describe(i).Name, i, i))]
            : throw new UserInputException(
                $"\"{inputs}\" has {first.Count} images and \"{reconstructions}\" {second.Count}: without names they "
                    + "go together in their order, so that both need as many."
            );

    private static List<(string Name, int Input, int Output)> ByName(
        IImageSource first,
        IImageSource second,
        string inputs,
        string reconstructions
    )
    {
        // Names in an archive begin below the folders that all of its images share.
        var belowShared = first is ZipImageSource || second is ZipImageSource;
        var (byName, partners) = (Names(first, inputs, belowShared), Names(second, reconstructions, belowShared));
        RequireAll(byName.Keys, partners, inputs, reconstructions);
        RequireAll(partners.Keys, byName, reconstructions, inputs);
        return [.. byName.Select(entry => (first.Describe(entry.Value).Name, entry.Value, partners[entry.Key]))];
    }

    private static SortedDictionary<string, int> Names(IImageSource source, string path, bool belowShared)
    {
        var files = Enumerable.Range(0, source.Count).Select(i => source.Describe(i).Name).ToList();
        var start = belowShared ? SharedFolders.LengthOf(files) : 0;
        var byName = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (i, file) in files.Index())
        {
            var name = Path.ChangeExtension(file[start..], null);
            if (!byName.TryAdd(name, i))
            {
                throw new UserInputException(
                    $"\"{path}\" holds both {files[byName[name]]} and {file}: remove or rename one, so that each has "
                        + "one partner."
                );
            }
        }

        return byName;
    }

    private static void RequireAll(
        IReadOnlyCollection<string> names,
        SortedDictionary<string, int> partners,
        string path,
        string other
    )
    {
        var alone = names.Where(name => !partners.ContainsKey(name)).ToList();
        if (alone.Count > 0)
        {
            var more = alone.Count > 1 ? $" (and {alone.Count - 1} more)" : "";
            throw new UserInputException(
                $"{alone[0]}{more} is in \"{path}\" but not in \"{other}\": files of one name make a pair."
            );
        }
    }

    private static Func<int, RgbImage> Reader(IImageSource source, int? size)
    {
        if (size is not { } side)
        {
            return i => ImageDecoder.Decode(source.Read(i), source.Describe(i).Name);
        }

        var dataset = new ImageDataset(source, new ImageTransform(side), seed: 0, cacheBytes: 0);
        return dataset.GetImage;
    }
}
