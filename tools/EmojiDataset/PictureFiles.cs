namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Finds the picture file of an emoji: the packages write the same code points in slightly different ways.</summary>
internal sealed class PictureFiles
{
    private readonly Dictionary<string, string> _pathByKey;

    /// <summary>Lists the pictures of a style.</summary>
    /// <remarks>Where a package has an emoji twice, under two spellings, the first in ordinal order counts.</remarks>
    public PictureFiles(EmojiStyle style, string packagesFolder)
    {
        _pathByKey = Directory
            .EnumerateFiles(style.Package.Resolve(packagesFolder, style.Folder))
            .Order(StringComparer.Ordinal)
            .DistinctBy(path => Key(Path.GetFileNameWithoutExtension(path)))
            .ToDictionary(path => Key(Path.GetFileNameWithoutExtension(path)));
    }

    /// <summary>The picture of an emoji, or null where the style has none.</summary>
    public string? Find(Emoji emoji) => _pathByKey.GetValueOrDefault(Key(emoji.Hexcode));

    /// <summary>
    /// The code points without leading zeros and without those that change nothing in a picture: the variation
    /// selector FE0F and the cancel tag E007F.
    /// </summary>
    private static string Key(string codePoints) =>
        string.Join(
            '-',
            codePoints
                .ToUpperInvariant()
                .Split('-', '_')
                .Select(point => point.TrimStart('0'))
                .Where(point => point is not ("FE0F" or "E007F"))
        );
}
