namespace LatentDiffusion.Data;

/// <summary>Finds an image's caption in the metadata or in the text file beside it.</summary>
internal sealed class CaptionReader(string root, IEnumerable<string> files, FolderMetadata metadata, string? column)
{
    private readonly HashSet<string> _textFiles = files
        .Where(file => file.EndsWith(".txt", StringComparison.Ordinal))
        .ToHashSet(StringComparer.Ordinal);

    public string? CaptionOf(string image)
    {
        if (column is not null)
        {
            return metadata.Value(image, column);
        }

        var caption = metadata.Value(image, "text") ?? metadata.Value(image, "caption");
        if (caption is not null)
        {
            return caption;
        }

        var textFile = Path.ChangeExtension(image, ".txt");
        return _textFiles.Contains(textFile)
            ? File.ReadLines(Path.Combine(root, textFile)).FirstOrDefault()?.Trim()
            : null;
    }
}
