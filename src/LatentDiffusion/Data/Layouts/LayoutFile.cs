using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Layouts;

/// <summary>
/// Layouts in a JSON file of their own:
/// <c>{"width":256,"height":256,"objects":[{"label":"cat","box":[10,20,100,80]}]}</c> with boxes as x, y, width and height
/// in pixels. An object may also have <c>"group"</c>, <c>"occluded"</c>, <c>"depiction"</c> and <c>"inside"</c> set to true.
/// </summary>
public static class LayoutFile
{
    // Boxes that were computed may stick out by rounding.
    private const double Tolerance = 1e-6;

    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly (string Name, ObjectTraits Trait)[] Traits =
    [
        ("group", ObjectTraits.Group),
        ("occluded", ObjectTraits.Occluded),
        ("depiction", ObjectTraits.Depiction),
        ("inside", ObjectTraits.Inside),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="labels">The labels that are known; null to take any.</param>
    /// <param name="maxObjects">Most objects that a model can take.</param>
    /// <exception cref="UserInputException">
    /// The file cannot be read or is of another form, a box has no area or lies outside, a label is unknown, or there are too
    /// many objects.
    /// </exception>
    public static Layout Read(string path, IReadOnlyList<string>? labels = null, int maxObjects = 30)
    {
        using var json = JsonFile.Parse(path, "Layout");
        return Read(json.RootElement, path, labels, maxObjects);
    }

    /// <summary>A layout as the text of a file.</summary>
    /// <param name="layout">A layout whose size is known.</param>
    /// <exception cref="ArgumentException">The layout does not tell its size.</exception>
    public static string Write(Layout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (layout is not { Width: { } width, Height: { } height })
        {
            throw new ArgumentException("A layout needs a size to be written in pixels.", nameof(layout));
        }

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = Options.Encoder }))
        {
            json.WriteStartObject();
            json.WriteNumber("width", width);
            json.WriteNumber("height", height);
            json.WriteStartArray("objects");
            foreach (var item in layout.Objects)
            {
                json.WriteStartObject();
                json.WriteString("label", item.Label);
                json.WriteStartArray("box");
                json.WriteNumberValue(Rounded(item.Box.X * width));
                json.WriteNumberValue(Rounded(item.Box.Y * height));
                json.WriteNumberValue(Rounded(item.Box.Width * width));
                json.WriteNumberValue(Rounded(item.Box.Height * height));
                json.WriteEndArray();
                foreach (var (name, trait) in Traits.Where(t => item.Traits.HasFlag(t.Trait)))
                {
                    json.WriteBoolean(name, true);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static Layout Read(JsonElement root, string path, IReadOnlyList<string>? labels, int maxObjects)
    {
        var width = JsonFile.Number(root, "width", path);
        var height = JsonFile.Number(root, "height", path);
        if (width < 1 || height < 1 || width > int.MaxValue || height > int.MaxValue)
        {
            throw new UserInputException($"Layout \"{path}\" is {width}x{height} pixels. Give the size of the image.");
        }

        var items = JsonFile.Array(root, "objects", path).ToArray();
        if (items.Length > maxObjects)
        {
            throw new UserInputException(
                $"Layout \"{path}\" has {items.Length} objects; the model takes {maxObjects}. Remove some."
            );
        }

        var objects = new LayoutObject[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            var place = $"\"{path}\" object {i + 1}";
            var label = JsonFile.Text(items[i], "label", place);
            if (labels is not null && !labels.Contains(label))
            {
                throw new UserInputException(
                    $"{place}: unknown label '{label}'. {NearestName.Advice(label, labels, "labels")}"
                );
            }

            objects[i] = new LayoutObject(label, ReadBox(items[i], place, width, height), ReadTraits(items[i]));
        }

        return new Layout(null, (int)width, (int)height, objects);
    }

    private static RelativeBox ReadBox(JsonElement item, string place, double width, double height)
    {
        var numbers = JsonFile.Array(item, "box", place).ToArray();
        if (numbers.Length != 4 || Array.Exists(numbers, n => n.ValueKind != JsonValueKind.Number))
        {
            throw new UserInputException($"{place}: \"box\" needs four numbers, as in [x, y, width, height].");
        }

        var box = Array.ConvertAll(numbers, n => n.GetDouble());
        if (BoxProblem(box[0], box[1], box[2], box[3], width, height) is { } problem)
        {
            throw new UserInputException($"{place}: {problem}.");
        }

        return new RelativeBox(box[0] / width, box[1] / height, box[2] / width, box[3] / height);
    }

    /// <summary>What is wrong with a box in pixels, or null.</summary>
    internal static string? BoxProblem(double x, double y, double w, double h, double width, double height)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"the box [{x:0.##}, {y:0.##}, {w:0.##}, {h:0.##}]");
        if (!(w > 0 && h > 0))
        {
            return $"{text} has no area";
        }

        var (slackX, slackY) = (Tolerance * width, Tolerance * height);
        return x < -slackX || y < -slackY || x + w > width + slackX || y + h > height + slackY
            ? string.Create(CultureInfo.InvariantCulture, $"{text} reaches outside of the {width}x{height} image")
            : null;
    }

    private static ObjectTraits ReadTraits(JsonElement item) =>
        Traits
            .Where(t => item.TryGetProperty(t.Name, out var value) && value.ValueKind == JsonValueKind.True)
            .Aggregate(ObjectTraits.None, (traits, t) => traits | t.Trait);

    private static double Rounded(double pixels) => Math.Round(pixels, 4);
}
