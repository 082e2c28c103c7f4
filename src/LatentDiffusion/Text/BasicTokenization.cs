using System.Globalization;
using System.Text;

namespace LatentDiffusion.Text;

/// <summary>
/// The words of a text as BERT's uncased vocabularies know them: lower case, without accents, every punctuation mark and
/// every Chinese character a word of its own.
/// </summary>
/// <remarks>
/// Microsoft.ML.Tokenizers has this step too, but its version drops ASCII symbols such as '$' and glues words together that
/// a tab parts.
/// </remarks>
internal static class BasicTokenization
{
    private const int ReplacementCharacter = 0xfffd;

    /// <summary>Splits a text.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        foreach (var rune in Simplify(text).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                Finish();
            }
            else if (IsPunctuation(rune) || IsChinese(rune))
            {
                Finish();
                words.Add(rune.ToString());
            }
            else
            {
                word.Append(rune);
            }
        }

        Finish();
        return words;

        void Finish()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    private static string Simplify(string text)
    {
        var simple = new StringBuilder(text.Length);
        foreach (
            var rune in text.EnumerateRunes().Where(rune => !IsControl(rune)).SelectMany(CanonicalLetters.Decompose)
        )
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            {
                simple.Append(Rune.ToLowerInvariant(rune));
            }
        }

        return simple.ToString();
    }

    private static bool IsControl(Rune rune) =>
        rune.Value == ReplacementCharacter
        || (
            Rune.GetUnicodeCategory(rune)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
            && !Rune.IsWhiteSpace(rune)
        );

    // Also the ASCII characters that Unicode calls symbols: $ + < = > ^ ` | ~.
    private static bool IsPunctuation(Rune rune) =>
        rune.IsAscii
            ? char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)
            : Rune.IsPunctuation(rune);

    // The blocks of ideographs; kana and hangul form words like other alphabets.
    private static bool IsChinese(Rune rune) =>
        rune.Value
            is (>= 0x4e00 and <= 0x9fff)
                or (>= 0x3400 and <= 0x4dbf)
                or (>= 0x20000 and <= 0x2a6df)
                or (>= 0x2a700 and <= 0x2b81f)
                or (>= 0x2b820 and <= 0x2ceaf)
                or (>= 0xf900 and <= 0xfaff)
                or (>= 0x2f800 and <= 0x2fa1f);
}
