using LatentDiffusion.Text;

namespace LatentDiffusion.Models.Published;

/// <summary>
/// Vocabularies of the published sizes that any text can be tokenized with, and that mean nothing: for models with random
/// weights, which know no words either.
/// </summary>
internal static class PlaceholderVocabulary
{
    private const int ClipMerges = 48894;

    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>For CLIP: its 49408 ids, the merges being pairs of letters in no useful order.</summary>
    public static ITokenizer Clip()
    {
        var letters = Enumerable.Range('!', '~' - '!' + 1).Select(code => ((char)code).ToString()).ToList();
        var pairs =
            from first in letters
            from second in letters.Concat(letters.Select(letter => letter + "</w>"))
            select $"{first} {second}";
        var triples =
            from first in letters
            from second in letters
            from third in letters
            select $"{first}{second} {third}";
        return ClipTokenizer.Parse(string.Join('\n', pairs.Concat(triples).Take(ClipMerges)), null, "placeholder");
    }

    /// <summary>For BERT: single letters, and names for the rest.</summary>
    /// <param name="size">Number of tokens.</param>
    public static ITokenizer WordPiece(int size)
    {
        var letters = Enumerable.Range('!', '~' - '!' + 1).Select(code => ((char)code).ToString()).ToList();
        var tokens = Special.Concat(letters).Concat(letters.Select(letter => "##" + letter));
        var unused = Enumerable.Range(0, size).Select(i => FormattableString.Invariant($"[unused{i}]"));
        return WordPieceTokenizer.Parse(string.Join('\n', tokens.Concat(unused).Take(size)), "placeholder");
    }
}
