namespace LatentDiffusion.Data.Checking;

/// <summary>Finds images that belong together by their names and compares their sizes.</summary>
internal static class PairCheck
{
    private const string Mask = "_mask";
    private static readonly (string High, string Low)[] Suffixes = [("_HR", "_LR"), ("_high", "_low")];

    /// <summary>Checks images with masks (<c>x.png</c>, <c>x_mask.png</c>) and pairs of resolutions (<c>x_HR</c>, <c>x_LR</c>).</summary>
    /// <returns>The images that are masks.</returns>
    public static HashSet<CheckedImage> Run(CheckedImage[] images, Findings findings)
    {
        var byName = images.DistinctBy(Name).ToDictionary(Name, StringComparer.Ordinal);
        var masks = images.Where(i => i.Stem.EndsWith(Mask, StringComparison.Ordinal)).ToHashSet();
        foreach (var mask in masks)
        {
            if (!byName.TryGetValue(Name(mask)[..^Mask.Length], out var image))
            {
                findings.Complain(mask.Path, "is a mask without an image");
            }
            else if (image.Size != mask.Size)
            {
                findings.Complain(mask.Path, $"is {mask.Size}, its image {image.Path} is {image.Size}");
            }
        }

        if (masks.Count > 0)
        {
            findings.Add("masks", "", masks.Count, "white marks what to repaint");
        }

        foreach (var (high, low) in Suffixes)
        {
            CompareResolutions(images, byName, high, low, findings);
        }

        return masks;
    }

    private static void CompareResolutions(
        CheckedImage[] images,
        Dictionary<string, CheckedImage> byName,
        string high,
        string low,
        Findings findings
    )
    {
        var scales = new Dictionary<CheckedImage, string>();
        foreach (var large in images.Where(i => i.Stem.EndsWith(high, StringComparison.Ordinal)))
        {
            if (!byName.TryGetValue(Name(large)[..^high.Length] + low, out var small))
            {
                findings.Complain(large.Path, $"has no partner ending in {low}");
                continue;
            }

            var scale = large.Width / small.Width;
            if ((small.Width * scale, small.Height * scale) == (large.Width, large.Height))
            {
                scales.Add(small, $"x{scale}");
            }
            else
            {
                findings.Complain(
                    small.Path,
                    $"is {small.Size}, which no whole number takes to {large.Size} of {large.Path}"
                );
            }
        }

        foreach (var small in images.Where(i => i.Stem.EndsWith(low, StringComparison.Ordinal)))
        {
            if (!byName.ContainsKey(Name(small)[..^low.Length] + high))
            {
                findings.Complain(small.Path, $"has no partner ending in {high}");
            }
        }

        if (scales.Count > 0)
        {
            findings.Add("pairs of two resolutions", "", scales.Count, string.Join(", ", scales.Values.Distinct()));
        }
    }

    private static string Name(CheckedImage image) => Path.ChangeExtension(image.Path, null);
}
