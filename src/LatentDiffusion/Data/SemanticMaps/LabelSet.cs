using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.SemanticMaps;

/// <summary>The classes of label maps: names and colours to show them in.</summary>
public sealed class LabelSet
{
    /// <summary>Name of the file that lists a data set's classes, one a line; a line's number from 0 is the id.</summary>
    public const string FileName = "labels.txt";

    private const int Most = 256;

    /// <summary>Creates a set.</summary>
    /// <param name="names">Names in the order of their ids, at most 256.</param>
    /// <exception cref="UserInputException">There are no names, too many, or one occurs twice.</exception>
    public LabelSet(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count is 0 or > Most)
        {
            throw new UserInputException($"There are {names.Count} labels; a label map can have 1 to {Most}.");
        }

        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } repeated)
        {
            throw new UserInputException($"The label '{repeated.Key}' occurs twice in the list of labels. Remove one.");
        }

        Names = names;
        Colours = [.. Enumerable.Range(0, names.Count).Select(Colour)];
    }

    /// <summary>Names in the order of their ids.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Colours in the order of the ids: those that Pascal VOC uses, all different.</summary>
    public IReadOnlyList<Rgb> Colours { get; }

    /// <summary>How many classes there are.</summary>
    public int Count => Names.Count;

    /// <summary>
    /// Whether stored numbers are one too low, so that the "nothing" of some data sets (255) becomes class 0, as the
    /// reference code can do with COCO-Stuff.
    /// </summary>
    public bool ShiftByOne { get; init; }

    /// <summary>A set of classes without names, called by their numbers.</summary>
    public static LabelSet Numbered(int count) =>
        new([.. Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"{i}"))]);

    /// <summary>Reads names from a file, one a line.</summary>
    /// <exception cref="UserInputException">The file cannot be read, or its names are wrong.</exception>
    public static LabelSet Read(string path)
    {
        try
        {
            return new LabelSet([.. File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"The list of labels \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The id of a name.</summary>
    /// <exception cref="UserInputException">The name is unknown.</exception>
    public int IdOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        for (var i = 0; i < Count; i++)
        {
            if (Names[i] == name)
            {
                return i;
            }
        }

        throw new UserInputException($"Unknown label '{name}'. {NearestName.Advice(name, [.. Names], "labels")}");
    }

    /// <summary>
    /// Reads a map: a PNG of palette indices or grey levels, whose numbers are the ids; or a picture in this set's colours; or
    /// a picture whose grey levels are the ids.
    /// </summary>
    /// <param name="data">A whole image file.</param>
    /// <param name="name">What to call it in an error message.</param>
    /// <exception cref="UserInputException">The file is no image, or a number or a colour belongs to no class.</exception>
    public LabelMap ReadMap(byte[] data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!IndexedPng.Fits(data))
        {
            return FromColours(ImageDecoder.Decode(data, name, Rgb.Black), name);
        }

        var image = IndexedPng.Read(data, name);
        return FromNumbers(image.Width, image.Height, image.Values, name);
    }

    /// <summary>Reads a map file; see <see cref="ReadMap(byte[], string)"/>.</summary>
    /// <exception cref="UserInputException">The file cannot be read or is no such map.</exception>
    public LabelMap ReadMap(string path)
    {
        try
        {
            return ReadMap(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Label map \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A map as a PNG of palette indices in this set's colours.</summary>
    public byte[] WriteMap(LabelMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return IndexedPng.Write(new IndexedImage(map.Width, map.Height, map.Ids, Colours));
    }

    private LabelMap FromNumbers(int width, int height, byte[] numbers, string name)
    {
        var ids = ShiftByOne ? Array.ConvertAll(numbers, n => (byte)(n + 1)) : numbers;
        var wrong = Array.FindIndex(ids, id => id >= Count);
        return wrong < 0
            ? new LabelMap(width, height, ids)
            : throw new UserInputException(
                $"Label map \"{name}\" has the value {numbers[wrong]} at ({wrong % width}, {wrong / width}); there are "
                    + $"{Count} labels, numbered from {(ShiftByOne ? "-1 (255)" : "0")}. Correct the map or the labels."
            );
    }

    private LabelMap FromColours(RgbImage image, string name)
    {
        var idOf = Colours.Index().ToDictionary(c => c.Item, c => (byte)c.Index);
        var ids = new byte[image.Width * image.Height];
        var (isGrey, strange) = (true, -1);
        for (var i = 0; i < ids.Length; i++)
        {
            var colour = ColourAt(image, i);
            isGrey &= colour.R == colour.G && colour.G == colour.B;
            if (!idOf.TryGetValue(colour, out ids[i]) && strange < 0)
            {
                strange = i;
            }
        }

        return strange < 0 ? new LabelMap(image.Width, image.Height, ids)
            : isGrey ? FromNumbers(image.Width, image.Height, [.. image.Pixels.Where((_, i) => i % 3 == 0)], name)
            : throw StrangeColour(image, strange, name);
    }

    private static Rgb ColourAt(RgbImage image, int index) => image[index % image.Width, index / image.Width];

    private static UserInputException StrangeColour(RgbImage image, int index, string name)
    {
        var colour = ColourAt(image, index);
        return new UserInputException(
            $"Label map \"{name}\" has the colour #{colour.R:x2}{colour.G:x2}{colour.B:x2} at ({index % image.Width}, "
                + $"{index / image.Width}), which is none of the labels'. Save maps as PNG with a palette, or use the "
                + "labels' colours."
        );
    }

    // Bits of the id spread over the high bits of the channels.
    private static Rgb Colour(int id)
    {
        var (r, g, b) = (0, 0, 0);
        for (var (bit, rest) = (7, id); rest != 0; bit--, rest >>= 3)
        {
            r |= (rest & 1) << bit;
            g |= ((rest >> 1) & 1) << bit;
            b |= ((rest >> 2) & 1) << bit;
        }

        return new Rgb((byte)r, (byte)g, (byte)b);
    }
}
