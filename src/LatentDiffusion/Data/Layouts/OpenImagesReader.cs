using System.Globalization;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Layouts;

/// <summary>Reads boxes of OpenImages' tables, which tell no image sizes.</summary>
public static class OpenImagesReader
{
    private static readonly (string Column, ObjectTraits Trait)[] Traits =
    [
        ("IsGroupOf", ObjectTraits.Group),
        ("IsOccluded", ObjectTraits.Occluded),
        ("IsDepiction", ObjectTraits.Depiction),
        ("IsInside", ObjectTraits.Inside),
    ];

    /// <summary>Reads a table of boxes.</summary>
    /// <param name="boxes">For example <c>oidv6-train-annotations-bbox.csv</c>.</param>
    /// <param name="descriptions">
    /// For example <c>class-descriptions-boxable.csv</c>, which gives the names to the codes (/m/01s55n); null keeps the codes.
    /// </param>
    /// <returns>Labels in the order of their codes; images, named <c>ID.jpg</c>, in the order of the table.</returns>
    /// <exception cref="UserInputException">A file is missing, has no such columns, or a row is not of their form.</exception>
    public static LayoutDataset Read(string boxes, string? descriptions = null)
    {
        var names = descriptions is null ? [] : ReadDescriptions(descriptions);
        var images = new Dictionary<string, List<LayoutObject>>(StringComparer.Ordinal);
        var order = new List<string>();
        var codes = new SortedSet<string>(StringComparer.Ordinal);
        using var lines = Lines(boxes).GetEnumerator();
        var columns = ReadHeader(lines, boxes);
        for (var number = 2; lines.MoveNext(); number++)
        {
            if (lines.Current.Length == 0)
            {
                continue;
            }

            var fields = lines.Current.Split(',');
            var place = $"\"{boxes}\" line {number}";
            if (fields.Length < columns.Count)
            {
                throw new UserInputException($"{place} has {fields.Length} fields instead of {columns.Count}.");
            }

            var code = fields[columns["LabelName"]];
            codes.Add(code);
            var id = fields[columns["ImageID"]];
            if (!images.TryGetValue(id, out var objects))
            {
                images.Add(id, objects = []);
                order.Add(id);
            }

            var label = names.GetValueOrDefault(code, code);
            objects.Add(new LayoutObject(label, ReadBox(fields, columns, place), ReadTraits(fields, columns)));
        }

        return new LayoutDataset(
            [.. codes.Select(c => names.GetValueOrDefault(c, c)).Distinct(StringComparer.Ordinal)],
            [.. order.Select(id => new Layout(id + ".jpg", null, null, images[id]))]
        );
    }

    private static Dictionary<string, int> ReadHeader(IEnumerator<string> lines, string path)
    {
        var header = lines.MoveNext() ? lines.Current.Split(',') : [];
        var columns = header.Index().DistinctBy(c => c.Item).ToDictionary(c => c.Item.Trim(), c => c.Index);
        string[] needed = ["ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"];
        return Array.Find(needed, n => !columns.ContainsKey(n)) is { } missing
            ? throw new UserInputException($"\"{path}\" is no OpenImages table of boxes: it has no column {missing}.")
            : columns;
    }

    private static RelativeBox ReadBox(string[] fields, Dictionary<string, int> columns, string place)
    {
        double Number(string column) =>
            double.TryParse(fields[columns[column]], CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new UserInputException($"{place}: {column} is '{fields[columns[column]]}', not a number.");

        var (left, top) = (Number("XMin"), Number("YMin"));
        return new RelativeBox(left, top, Number("XMax") - left, Number("YMax") - top);
    }

    // 1 is yes, 0 no, -1 unknown.
    private static ObjectTraits ReadTraits(string[] fields, Dictionary<string, int> columns) =>
        Traits
            .Where(t => columns.TryGetValue(t.Column, out var i) && fields[i].Trim() == "1")
            .Aggregate(ObjectTraits.None, (traits, t) => traits | t.Trait);

    // A code and its name, which may hold commas in quotation marks.
    private static Dictionary<string, string> ReadDescriptions(string path)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Lines(path))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            if (comma > 0)
            {
                names[line[..comma]] = line[(comma + 1)..].Trim().Trim('"');
            }
        }

        return names;
    }

    private static IEnumerable<string> Lines(string path)
    {
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"OpenImages table \"{path}\" cannot be read: {e.Message}", e);
        }
    }
}
