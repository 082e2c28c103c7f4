namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>One emoji, whatever its style: a base emoji or one of its skin tones.</summary>
/// <param name="Hexcode">Its code points in hexadecimal, joined by hyphens.</param>
/// <param name="Label">Its full name, for example "woman pilot: medium skin tone".</param>
/// <param name="Name">The name of the base emoji, for example "woman pilot".</param>
/// <param name="Group">One of the nine groups, for example "people-body".</param>
/// <param name="Subgroup">The part of the group, for example "person-role".</param>
/// <param name="SkinTone">Its skin tone, or empty: see <see cref="SkinTones"/>.</param>
/// <param name="Order">Its place in the Unicode order of emoji.</param>
internal sealed record Emoji(
    string Hexcode,
    string Label,
    string Name,
    string Group,
    string Subgroup,
    string SkinTone,
    int Order
);
