namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>One family of drawings of the same emoji.</summary>
/// <param name="Id">The value of the <c>style</c> column.</param>
/// <param name="Phrase">How a caption names the style.</param>
/// <param name="Package">The package with the drawings.</param>
/// <param name="Folder">The folder of the drawings inside the package.</param>
internal sealed record EmojiStyle(string Id, string Phrase, SourcePackage Package, string Folder)
{
    private static readonly EmojiStyle Fluent = new("fluent", "fluent 3D", SourcePackage.Fluent, "assets");

    /// <summary>All styles, in the order of the data set.</summary>
    public static readonly IReadOnlyList<EmojiStyle> All =
    [
        new("noto", "noto", SourcePackage.Noto, "img/google/64"),
        new("twemoji", "twemoji", SourcePackage.Twemoji, "img/twitter/64"),
        Fluent,
    ];

    /// <summary>Whether the package's drawing of an emoji really is in this style.</summary>
    /// <remarks>
    /// Microsoft draws no flags of countries or their parts; the Fluent package fills them in with flat waving flags.
    /// </remarks>
    public bool Includes(Emoji emoji) => this != Fluent || emoji.Subgroup is not ("country-flag" or "subdivision-flag");
}
