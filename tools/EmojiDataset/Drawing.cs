namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>An emoji as one style draws it.</summary>
internal sealed record Drawing(EmojiStyle Style, Emoji Emoji, Picture Picture);
