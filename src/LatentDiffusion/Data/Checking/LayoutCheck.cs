using System.Text.Json;
using LatentDiffusion.Data.Composition;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Checking;

/// <summary>Checks layouts of every form that is read: boxes, labels, and the images that they belong to.</summary>
internal static class LayoutCheck
{
    /// <summary>Checks all layouts.</summary>
    /// <returns>Whether there are any.</returns>
    public static bool Run(string root, string[] files, CheckedImage[] pictures, LabelSet? labels, Findings findings)
    {
        var byStem = pictures.DistinctBy(i => i.Stem).ToDictionary(i => i.Stem, StringComparer.Ordinal);
        string[]? known = labels is null ? null : [.. labels.Names.Where(n => n != SceneFolder.Background)];
        var counts = new Dictionary<(string Kind, string Folder), (int Images, int Objects)>();
        foreach (var file in files)
        {
            try
            {
                if (Read(Path.Combine(root, file), known) is not { } read)
                {
                    continue;
                }

                var key = (read.Kind, Path.GetDirectoryName(file) ?? "");
                var (images, objects) = counts.GetValueOrDefault(key);
                counts[key] = (images + read.Layouts.Count, objects + read.Layouts.Sum(l => l.Objects.Count));
                foreach (var layout in read.Layouts)
                {
                    Check(file, layout, byStem, known, findings);
                }
            }
            catch (UserInputException e)
            {
                findings.Complain(file, e.Message);
            }
        }

        foreach (var ((kind, folder), (images, objects)) in counts)
        {
            findings.Add(kind, folder, images, $"{objects} objects");
        }

        return counts.Count > 0;
    }

    private static (string Kind, IReadOnlyList<Layout> Layouts)? Read(string path, string[]? known)
    {
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".json":
                using (var json = JsonFile.Parse(path, "JSON"))
                {
                    if (Has(json.RootElement, "annotations") && Has(json.RootElement, "images"))
                    {
                        return ("COCO layouts", CocoReader.Read(path).Layouts);
                    }

                    return Has(json.RootElement, "objects")
                        ? ("layouts", [Named(LayoutFile.Read(path, known), path)])
                        : null;
                }

            case ".xml" when VocReader.MayBeAnnotation(path):
                return ("VOC layouts", [Named(VocReader.ReadFile(path), path)]);
            case ".csv" when File.ReadLines(path).FirstOrDefault() is { } head && IsOpenImages(head):
                return ("OpenImages layouts", OpenImagesReader.Read(path).Layouts);
            default:
                return null;
        }
    }

    private static bool Has(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out _);

    private static bool IsOpenImages(string head) => head.StartsWith("ImageID,", StringComparison.Ordinal);

    // A layout of one file belongs to the image of the same name.
    private static Layout Named(Layout layout, string path) =>
        layout with
        {
            Image = layout.Image ?? Path.GetFileNameWithoutExtension(path),
        };

    private static void Check(
        string file,
        Layout layout,
        Dictionary<string, CheckedImage> byStem,
        string[]? known,
        Findings findings
    )
    {
        var stem = Path.GetFileNameWithoutExtension(layout.Image!);
        if (!byStem.TryGetValue(stem, out var image))
        {
            findings.Complain(file, $"belongs to image {layout.Image}, which is not there");
        }
        else if (layout.Width is { } w && layout.Height is { } h && (w, h) != (image.Width, image.Height))
        {
            findings.Complain(file, $"says that {image.Path} is {w}x{h}, but it is {image.Size}");
        }

        var (width, height) = (layout.Width ?? image?.Width ?? 1, layout.Height ?? image?.Height ?? 1);
        foreach (var (number, item) in layout.Objects.Index())
        {
            var box = item.Box;
            var problem = LayoutFile.BoxProblem(
                box.X * width,
                box.Y * height,
                box.Width * width,
                box.Height * height,
                width,
                height
            );
            if (problem is not null)
            {
                findings.Complain(file, $"object {number + 1} ({item.Label}) of {layout.Image}: {problem}");
            }

            if (known is not null && !known.Contains(item.Label))
            {
                findings.Complain(
                    file,
                    $"object {number + 1} of {layout.Image} has the unknown label '{item.Label}'. "
                        + NearestName.Advice(item.Label, known, "labels")
                );
            }
        }
    }
}
