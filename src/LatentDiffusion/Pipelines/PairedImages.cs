using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// A folder of images and a folder of their reconstructions. Images go together by their paths within the folders; the
/// kind of file does not matter (<c>cat/1.jpg</c> and <c>cat/1.png</c> are a pair).
/// </summary>
public sealed class PairedFolders
{
    private readonly Func<int, RgbImage> _input;
    private readonly Func<int, RgbImage> _output;
    private readonly IReadOnlyList<(string Name, int Input, int Output)> _pairs;

    private PairedFolders(
        Func<int, RgbImage> input,
        Func<int, RgbImage> output,
        IReadOnlyList<(string Name, int Input, int Output)> pairs
    ) => (_input, _output, _pairs) = (input, output, pairs);

    /// <summary>How many pairs there are.</summary>
    public int Count => _pairs.Count;

    /// <summary>Lists both folders.</summary>
    /// <param name="inputs">The folder of images.</param>
    /// <param name="reconstructions">The folder of their reconstructions.</param>
    /// <param name="size">Side of the squares that all images are made, or null to take them as they are.</param>
    /// <exception cref="UserInputException">
    /// A folder is missing or has no images, or an image has no partner or two.
    /// </exception>
    public static PairedFolders Open(string inputs, string reconstructions, int? size)
    {
        var (first, second) = (ImageFolderSource.Open(inputs), ImageFolderSource.Open(reconstructions));
        var (byName, partners) = (ByName(first, inputs), ByName(second, reconstructions));
        RequireAll(byName.Keys, partners, inputs, reconstructions);
        RequireAll(partners.Keys, byName, reconstructions, inputs);
        return new PairedFolders(
            Reader(first, size),
            Reader(second, size),
            [.. byName.Select(entry => (first.Describe(entry.Value).Name, entry.Value, partners[entry.Key]))]
        );
    }

    /// <summary>Decodes pairs as the result is read.</summary>
    /// <param name="indices">Which of them, counted from 0.</param>
    /// <exception cref="UserInputException">An image cannot be read or decoded.</exception>
    public IEnumerable<ReconstructionPair> Read(IEnumerable<int> indices) =>
        indices
            .Select(i => _pairs[i])
            .Select(pair => new ReconstructionPair(pair.Name, _input(pair.Input), _output(pair.Output)));

    private static SortedDictionary<string, int> ByName(ImageFolderSource source, string folder)
    {
        var byName = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < source.Count; i++)
        {
            var file = source.Describe(i).Name;
            var name = Path.ChangeExtension(file, null);
            if (!byName.TryAdd(name, i))
            {
                throw new UserInputException(
                    $"\"{folder}\" holds both {source.Describe(byName[name]).Name} and {file}: remove or rename one, so "
                        + "that each has one partner."
                );
            }
        }

        return byName;
    }

    private static void RequireAll(
        IReadOnlyCollection<string> names,
        SortedDictionary<string, int> partners,
        string folder,
        string other
    )
    {
        var alone = names.Where(name => !partners.ContainsKey(name)).ToList();
        if (alone.Count > 0)
        {
            var more = alone.Count > 1 ? $" (and {alone.Count - 1} more)" : "";
            throw new UserInputException(
                $"{alone[0]}{more} is in \"{folder}\" but not in \"{other}\": files of one name make a pair."
            );
        }
    }

    private static Func<int, RgbImage> Reader(ImageFolderSource source, int? size)
    {
        if (size is not { } side)
        {
            return i => ImageDecoder.Decode(source.Read(i), source.Describe(i).Name);
        }

        var dataset = new ImageDataset(source, new ImageTransform(side), seed: 0, cacheBytes: 0);
        return dataset.GetImage;
    }
}
