using System.Globalization;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Text;

/// <summary>
/// Makes a vocabulary for <see cref="WordPieceTokenizer"/> from texts: starting with letters, the most frequent pair of
/// neighbouring pieces becomes a piece of its own, again and again (Sennrich et al. 2016). The same texts always give the
/// same vocabulary, in whatever order they come.
/// </summary>
public static class VocabularyTrainer
{
    // A pair seen once is no pattern.
    private const int LeastCount = 2;

    private static readonly string[] Special =
    [
        WordPieceTokenizer.PaddingToken,
        WordPieceTokenizer.UnknownToken,
        WordPieceTokenizer.StartToken,
        WordPieceTokenizer.EndToken,
        // Not used here; other programs expect it in such a file.
        "[MASK]",
    ];

    /// <summary>Learns a vocabulary. Every text of ASCII characters can be written with it.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="size">The most tokens; fewer when nothing repeats any more.</param>
    /// <returns>The tokens in the order of their ids: special ones, letters, pieces from frequent to rare.</returns>
    /// <exception cref="UserInputException">The letters alone are more than <paramref name="size"/>.</exception>
    public static IReadOnlyList<string> Train(IEnumerable<string> texts, int size)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var words = texts
            .SelectMany(BasicTokenization.Words)
            .CountBy(word => word, StringComparer.Ordinal)
            .OrderBy(word => word.Key, StringComparer.Ordinal)
            .Select(word => (Letters: LettersOf(word.Key), Count: (long)word.Value))
            .ToList();
        List<string> vocabulary =
        [
            .. Special,
            .. Ascii().Concat(words.SelectMany(word => word.Letters)).Distinct().Order(StringComparer.Ordinal),
        ];
        if (vocabulary.Count > size)
        {
            throw new UserInputException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A vocabulary of {size} tokens is too small: the letters alone take {vocabulary.Count}."
                )
            );
        }

        var known = vocabulary.ToHashSet(StringComparer.Ordinal);
        var pairs = new PiecePairs(words);
        while (vocabulary.Count < size && pairs.MostFrequent(LeastCount) is { } best)
        {
            var piece = pairs.Merge(best);
            // Two ways may lead to one piece.
            if (known.Add(piece))
            {
                vocabulary.Add(piece);
            }
        }

        return vocabulary;
    }

    private static string[] LettersOf(string word) =>
        [
            .. word.EnumerateRunes()
                .Select((rune, i) => i == 0 ? rune.ToString() : WordPieceTokenizer.Continuation + rune),
        ];

    private static IEnumerable<string> Ascii()
    {
        var printable = Enumerable
            .Range('!', '~' - '!' + 1)
            .Select(code => (char)code)
            .Where(c => !char.IsAsciiLetterUpper(c));
        foreach (var letter in printable)
        {
            yield return letter.ToString();
            if (char.IsAsciiLetterOrDigit(letter))
            {
                yield return WordPieceTokenizer.Continuation + letter;
            }
        }
    }
}
