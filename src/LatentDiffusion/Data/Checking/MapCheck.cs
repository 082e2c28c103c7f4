using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Checking;

/// <summary>Finds folders of label maps beside folders of images and compares the two.</summary>
internal static class MapCheck
{
    private static readonly string[] Hints = ["map", "annot", "label", "seg", "gt"];

    /// <summary>Checks all maps.</summary>
    /// <returns>The images that are maps.</returns>
    public static HashSet<CheckedImage> Run(string root, List<CheckedImage> images, LabelSet? labels, Findings findings)
    {
        var found = new HashSet<CheckedImage>();
        var folders = images.SelectMany(i => Ancestors(i.Folder)).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var folder in folders.OrderBy(f => f.Length))
        {
            var maps = Below(images, folder);
            if (
                maps.Values.All(m => m.HasNumbers && !found.Contains(m))
                && Partner(images, folders, folder, maps) is { } partner
            )
            {
                Compare(root, partner, Below(images, partner), folder, maps, labels, findings);
                found.UnionWith(maps.Values);
            }
        }

        return found;
    }

    // A sibling folder that holds most of the same names: of photographs, or of anything when the name tells of maps.
    private static string? Partner(
        List<CheckedImage> images,
        string[] folders,
        string folder,
        Dictionary<string, CheckedImage> maps
    )
    {
        var name = Path.GetFileName(folder);
        var isHinted = Hints.Any(h => name.Contains(h, StringComparison.OrdinalIgnoreCase));
        return folders
            .Where(f => f != folder && Parent(f) == Parent(folder))
            .Select(f => (Folder: f, Images: Below(images, f)))
            .Where(f => isHinted || f.Images.Values.Any(i => !i.HasNumbers))
            .Where(f => 2 * maps.Keys.Count(f.Images.ContainsKey) > maps.Count)
            .OrderBy(f => f.Folder, StringComparer.Ordinal)
            .Select(f => f.Folder)
            .FirstOrDefault();
    }

    private static void Compare(
        string root,
        string imageFolder,
        Dictionary<string, CheckedImage> images,
        string mapFolder,
        Dictionary<string, CheckedImage> maps,
        LabelSet? labels,
        Findings findings
    )
    {
        var set = labels ?? LabelSet.Numbered(256);
        var highest = 0;
        foreach (var (key, map) in maps)
        {
            if (!images.TryGetValue(key, out var image))
            {
                findings.Complain(map.Path, $"has no image in {imageFolder}");
            }
            else if (image.Size != map.Size)
            {
                findings.Complain(map.Path, $"is {map.Size}, its image {image.Path} is {image.Size}");
            }

            try
            {
                highest = Math.Max(highest, set.ReadMap(Path.Combine(root, map.Path)).Ids.Max());
            }
            catch (UserInputException e)
            {
                findings.Complain(map.Path, e.Message);
            }
        }

        foreach (var image in images.Where(i => !maps.ContainsKey(i.Key)).Select(i => i.Value))
        {
            findings.Complain(image.Path, $"has no label map in {mapFolder}");
        }

        var known = labels is null ? $", without a list of labels ({LabelSet.FileName})" : "";
        findings.Add(
            "label maps",
            mapFolder,
            maps.Count,
            $"of the images in {imageFolder}, values up to {highest}{known}"
        );
    }

    private static Dictionary<string, CheckedImage> Below(List<CheckedImage> images, string folder) =>
        images
            .Select(i => (Key: i.KeyBelow(folder), Image: i))
            .Where(i => i.Key is not null)
            .DistinctBy(i => i.Key)
            .ToDictionary(i => i.Key!, i => i.Image, StringComparer.Ordinal);

    private static string Parent(string folder) => folder.LastIndexOf('/') is >= 0 and var at ? folder[..at] : "";

    private static IEnumerable<string> Ancestors(string folder)
    {
        for (var at = folder; at.Length > 0; at = Parent(at))
        {
            yield return at;
        }
    }
}
