namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Joins names and pictures to the rows of the data set.</summary>
internal static class DatasetBuilder
{
    /// <summary>Builds the data set from the unpacked packages.</summary>
    /// <param name="packagesFolder">The folder that holds the packages by name, as <c>node_modules</c> does.</param>
    /// <exception cref="DatasetException">A package is missing, incomplete or of another version.</exception>
    public static Dataset Build(string packagesFolder)
    {
        NetVips.NetVips.Concurrency = 1; // The pictures are small: each is encoded on one thread, several at a time.
        var catalog = EmojiCatalog.Read(packagesFolder).OrderBy(emoji => emoji.Order).ToList();
        var drawings = EmojiStyle.All.SelectMany(style => ReadDrawings(style, packagesFolder, catalog)).ToList();
        var (repaired, toneRepairs) = ToneOrder.Repair(drawings);
        return new Dataset([.. repaired.AsParallel().AsOrdered().Select(ToRow)], toneRepairs);
    }

    private static IEnumerable<Drawing> ReadDrawings(EmojiStyle style, string packagesFolder, List<Emoji> catalog)
    {
        var files = new PictureFiles(style, packagesFolder);
        return from emoji in catalog
            where style.Includes(emoji)
            let path = files.Find(emoji)
            where path is not null
            select new Drawing(style, emoji, PictureReader.Read(path));
    }

    private static DatasetRow ToRow(Drawing drawing)
    {
        var (style, emoji, picture) = drawing;
        return new DatasetRow(
            Image: WebP.Encode(picture),
            Caption: Caption.Describe(style, emoji),
            Style: style.Id,
            Name: emoji.Name,
            Group: emoji.Group,
            Subgroup: emoji.Subgroup,
            SkinTone: emoji.SkinTone,
            Hexcode: emoji.Hexcode,
            Split: TrainTestSplit.Choose(style, emoji)
        );
    }
}
