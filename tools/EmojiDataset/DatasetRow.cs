namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>One row of the data set; the columns have the same names in snake case.</summary>
/// <param name="Image">64x64 RGBA as lossless WebP.</param>
/// <param name="Caption">A sentence that describes the picture.</param>
/// <param name="Style">The family of drawings.</param>
/// <param name="Name">The name of the base emoji, without skin tone.</param>
/// <param name="Group">One of nine groups.</param>
/// <param name="Subgroup">The part of the group.</param>
/// <param name="SkinTone">The skin tone, or empty.</param>
/// <param name="Hexcode">The code points.</param>
/// <param name="Split">"train" or "test".</param>
internal sealed record DatasetRow(
    byte[] Image,
    string Caption,
    string Style,
    string Name,
    string Group,
    string Subgroup,
    string SkinTone,
    string Hexcode,
    string Split
);
