using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Layouts;

/// <summary>
/// Reads boxes of COCO's annotation files (<c>images</c>, <c>annotations</c>, <c>categories</c>), also of other data sets
/// that use the format.
/// </summary>
public static class CocoReader
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">For example <c>instances_train2017.json</c>.</param>
    /// <returns>
    /// Labels in the order of their category ids; images in the file's order, those without objects too. Objects marked as
    /// crowds are groups.
    /// </returns>
    /// <exception cref="UserInputException">The file is missing or of another form, or an annotation names what is not there.</exception>
    public static LayoutDataset Read(string path)
    {
        using var json = JsonFile.Parse(path, "COCO");
        var root = json.RootElement;
        var categories = JsonFile
            .Array(root, "categories", path)
            .Select(c => (Id: (long)JsonFile.Number(c, "id", path), Name: JsonFile.Text(c, "name", path)))
            .OrderBy(c => c.Id)
            .ToArray();
        var names = categories.DistinctBy(c => c.Id).ToDictionary(c => c.Id, c => c.Name);
        var images = JsonFile.Array(root, "images", path).Select(i => new CocoImage(i, path)).ToArray();
        var byId = images.DistinctBy(i => i.Id).ToDictionary(i => i.Id);
        foreach (var (number, annotation) in JsonFile.Array(root, "annotations", path).Index())
        {
            Add(annotation, $"\"{path}\" annotation {number + 1}", byId, names);
        }

        return new LayoutDataset(
            [.. categories.Select(c => c.Name).Distinct(StringComparer.Ordinal)],
            [.. images.Select(i => new Layout(i.File, (int)i.Width, (int)i.Height, i.Objects))]
        );
    }

    private static void Add(
        JsonElement annotation,
        string place,
        Dictionary<long, CocoImage> images,
        Dictionary<long, string> names
    )
    {
        if (!images.TryGetValue((long)JsonFile.Number(annotation, "image_id", place), out var image))
        {
            throw new UserInputException($"{place} belongs to an image that is not in \"images\".");
        }

        if (!names.TryGetValue((long)JsonFile.Number(annotation, "category_id", place), out var label))
        {
            throw new UserInputException($"{place} has a category that is not in \"categories\".");
        }

        var box = JsonFile.Array(annotation, "bbox", place).Where(n => n.ValueKind == JsonValueKind.Number).ToArray();
        if (box.Length != 4)
        {
            throw new UserInputException($"{place}: \"bbox\" needs four numbers, as in [x, y, width, height].");
        }

        var crowd = annotation.TryGetProperty("iscrowd", out var flag) && flag.ToString() is "1" or "True" or "true";
        image.Objects.Add(
            new LayoutObject(
                label,
                new RelativeBox(
                    box[0].GetDouble() / image.Width,
                    box[1].GetDouble() / image.Height,
                    box[2].GetDouble() / image.Width,
                    box[3].GetDouble() / image.Height
                ),
                crowd ? ObjectTraits.Group : ObjectTraits.None
            )
        );
    }

    private sealed class CocoImage(JsonElement json, string path)
    {
        public long Id { get; } = (long)JsonFile.Number(json, "id", path);

        public string File { get; } = JsonFile.Text(json, "file_name", path);

        public double Width { get; } = Math.Max(1, JsonFile.Number(json, "width", path));

        public double Height { get; } = Math.Max(1, JsonFile.Number(json, "height", path));

        public List<LayoutObject> Objects { get; } = [];
    }
}
