namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>The sentence that describes a picture.</summary>
internal static class Caption
{
    /// <summary>For example "a fluent 3D emoji of a red heart" or "a noto emoji of flag: France".</summary>
    public static string Describe(EmojiStyle style, Emoji emoji) =>
        $"a {style.Phrase} emoji of {IndefiniteArticle.For(emoji)}{emoji.Label}";
}
