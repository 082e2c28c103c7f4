using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Composition;

/// <summary>
/// Reads cut-outs of folders and parquet files. Emoji get their class from their sub-group, the pictures of known collections
/// from their folder; in other folders the first sub-folder is the class. Pictures that are opaque up to their corners, of no
/// class, or unreadable are passed over.
/// </summary>
public static class CutoutCollection
{
    // Larger ones are reduced when they are read: scenes are small.
    private const int LargestSide = 256;
    private const int SmallestSide = 12;

    // What follows these says more about the thing.
    private static readonly string[] Joints = [" with ", " of ", " on ", " in ", ":"];

    // Longest caption that still reads as the name of a thing.
    private const int LongestCaption = 60;

    /// <summary>Names of the classes that emoji and the known collections are sorted into, in the order of their ids.</summary>
    public static IReadOnlyList<string> KnownClasses => [.. SceneClass.All.Select(c => c.Name)];

    /// <summary>Reads everything.</summary>
    /// <param name="places">Folders and parquet files; a table needs the columns image, caption and subgroup.</param>
    /// <param name="visit">Told after each picture: how many of how many were looked at.</param>
    /// <exception cref="UserInputException">A place is missing or has not one usable picture.</exception>
    public static IReadOnlyList<Cutout> Read(IReadOnlyList<string> places, Action<int, int>? visit = null)
    {
        ArgumentNullException.ThrowIfNull(places);
        var sources = places.Select(Open).ToArray();
        var total = sources.Sum(s => s.Images.Count);
        var (cutouts, done) = (new List<Cutout>(), 0);
        foreach (var (place, images) in sources)
        {
            var before = cutouts.Count;
            for (var i = 0; i < images.Count; i++)
            {
                if (Load(images, i) is { } cutout)
                {
                    cutouts.Add(cutout);
                }

                visit?.Invoke(++done, total);
            }

            if (cutouts.Count == before)
            {
                throw new UserInputException(
                    $"There is no usable cut-out in \"{place}\": pictures need a transparent ground and a class (a folder "
                        + $"such as {string.Join(", ", KnownClasses.Take(3))})."
                );
            }
        }

        return cutouts;
    }

    private static (string Place, IImageSource Images) Open(string place)
    {
        if (Directory.Exists(place))
        {
            return (place, new LooseFolder(place));
        }

        return place.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
            ? (place, ParquetImageSource.Open(place, new SourceColumns { Class = "subgroup" }))
            : throw new UserInputException(
                $"Cut-outs \"{place}\" are neither a folder nor a parquet file that exists. Check the path."
            );
    }

    private static Cutout? Load(IImageSource images, int index)
    {
        var record = images.Describe(index);
        var caption = Phrase(record.Caption ?? Path.GetFileNameWithoutExtension(record.Name));
        var isFile = images is LooseFolder;
        var name = SceneClass.Of(isFile ? record.Name : record.ClassName ?? "", caption)?.Name;
        if (isFile && name is null && IsOwnClass(record.ClassName))
        {
            name = record.ClassName;
        }

        if (name is null || caption.Length > LongestCaption)
        {
            return null;
        }

        try
        {
            var image = ImageDecoder.DecodeWithAlpha(images.Read(index), record.Name);
            return HasGround(image) && image.Trim() is { } trimmed && Reduce(trimmed) is { } reduced
                ? new Cutout(name, caption, reduced)
                : null;
        }
        catch (ImageFormatException)
        {
            // Collections have other things in them.
            return null;
        }
    }

    // The top folders of known collections (animals, food, ...) hold several classes and other things.
    private static bool IsOwnClass(string? folder) =>
        folder is not null && !LooseFolder.CollectionFolders.Contains(folder);

    private static bool HasGround(RgbaImage image)
    {
        var (right, bottom) = (image.Width - 1, image.Height - 1);
        return new[]
        {
            image.Alpha(0, 0),
            image.Alpha(right, 0),
            image.Alpha(0, bottom),
            image.Alpha(right, bottom),
        }.Any(a => a < 128);
    }

    private static RgbaImage? Reduce(RgbaImage image)
    {
        var longest = Math.Max(image.Width, image.Height);
        if (longest < SmallestSide)
        {
            return null;
        }

        var scale = Math.Min(1, (double)LargestSide / longest);
        return scale == 1
            ? image
            : image.Resize(
                Math.Max(1, (int)Math.Round(image.Width * scale)),
                Math.Max(1, (int)Math.Round(image.Height * scale))
            );
    }

    // "A koala." and "a noto emoji of a red heart" become "a koala" and "a red heart"; "cat face" becomes "a cat face".
    private static string Phrase(string caption)
    {
        const string emoji = " emoji of ";
        var at = caption.IndexOf(emoji, StringComparison.Ordinal);
        var text = (at < 0 ? caption : caption[(at + emoji.Length)..]).Trim().TrimEnd('.').Replace('_', ' ');
        if (text.Length == 0)
        {
            return "something";
        }

        string[] articles = ["a ", "an ", "the ", "some ", "two ", "three "];
        var lower = char.ToLowerInvariant(text[0]) + text[1..];
        return articles.Any(a => lower.StartsWith(a, StringComparison.Ordinal)) || IsPlural(lower) ? lower
            : "aeiou".Contains(lower[0], StringComparison.Ordinal) ? $"an {lower}"
            : $"a {lower}";
    }

    // "grapes" and "eyes of a cat", but not "glass", "octopus" or "face with open eyes".
    private static bool IsPlural(string text)
    {
        var head = text.Split(Joints, StringSplitOptions.None)[0];
        return head.EndsWith('s')
            && !head.EndsWith("ss", StringComparison.Ordinal)
            && !head.EndsWith("us", StringComparison.Ordinal);
    }
}
