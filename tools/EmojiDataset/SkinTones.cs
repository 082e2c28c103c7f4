using System.Collections.Immutable;
using System.Text.Json;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>The names of skin tones in the data set.</summary>
internal static class SkinTones
{
    /// <summary>The five tones of a single person, from light to dark.</summary>
    public static readonly ImmutableArray<string> Names = ["light", "medium-light", "medium", "medium-dark", "dark"];

    /// <summary>Names the tone of an emojibase entry: a number from 1 to 5, or one number for each person.</summary>
    /// <returns>For example "medium", or "light+dark" for two people.</returns>
    public static string Describe(JsonElement tone) =>
        tone.ValueKind == JsonValueKind.Array
            ? string.Join('+', tone.EnumerateArray().Select(Describe))
            : Names[tone.GetInt32() - 1];
}
