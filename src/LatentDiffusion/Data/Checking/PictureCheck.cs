using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Checking;

/// <summary>Tells of the images themselves, their classes and captions.</summary>
internal static class PictureCheck
{
    public static void Run(string root, string[] files, CheckedImage[] pictures, bool hasClasses, Findings findings)
    {
        if (pictures.Length == 0)
        {
            return;
        }

        var smallest = pictures.MinBy(i => (long)i.Width * i.Height)!.Size;
        var largest = pictures.MaxBy(i => (long)i.Width * i.Height)!.Size;
        findings.Add("images", "", pictures.Length, smallest == largest ? smallest : $"{smallest} to {largest}");
        var classes = pictures.CountBy(i => i.Path.Contains('/') ? i.Path[..i.Path.IndexOf('/')] : "").ToArray();
        if (hasClasses && classes.Length > 1)
        {
            var named = classes.Where(c => c.Key.Length > 0).ToArray();
            findings.Add(
                "classes",
                "",
                named.Length,
                $"of {named.Min(c => c.Value)} to {named.Max(c => c.Value)} images, named by sub-folders"
            );
            foreach (var picture in named.Length < classes.Length ? pictures.Where(i => !i.Path.Contains('/')) : [])
            {
                findings.Complain(picture.Path, "has no class: it lies beside the folders of the others");
            }
        }

        CheckCaptions(root, files, pictures, findings);
    }

    private static void CheckCaptions(string root, string[] files, CheckedImage[] pictures, Findings findings)
    {
        FolderMetadata metadata;
        try
        {
            metadata = FolderMetadata.Read(root, files.Where(f => Path.GetFileName(f) == FolderMetadata.FileName));
        }
        catch (UserInputException e)
        {
            findings.Complain(FolderMetadata.FileName, e.Message);
            return;
        }

        var present = files.ToHashSet(StringComparer.Ordinal);
        foreach (var (image, place) in metadata.NamedBy.Where(n => !present.Contains(n.Key)))
        {
            findings.Complain(image, $"is named by {place}, but is not there");
        }

        var reader = new CaptionReader(root, files, metadata, column: null);
        var without = pictures.Where(i => string.IsNullOrWhiteSpace(reader.CaptionOf(i.Path))).ToArray();
        if (without.Length == pictures.Length)
        {
            return;
        }

        findings.Add("captions", "", pictures.Length - without.Length);
        foreach (var picture in without)
        {
            findings.Complain(picture.Path, "has no caption, though others have");
        }
    }
}
