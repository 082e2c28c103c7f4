using System.Globalization;
using System.Text;

namespace LatentDiffusion.Text;

/// <summary>Letters and their accents as Unicode's canonical decompositions tell (UnicodeData.txt, 14.0).</summary>
/// <remarks>
/// <see cref="string.Normalize()"/> does nothing beyond ASCII in a program with invariant globalization, as this one is.
/// </remarks>
internal static class CanonicalLetters
{
    private const string Resource = "LatentDiffusion.Text.CanonicalLetters.txt";

    private const int FirstSyllable = 0xac00;
    private const int LastSyllable = 0xd7a3;
    private const int FirstLead = 0x1100;
    private const int FirstVowel = 0x1161;
    private const int NoTrail = 0x11a7;
    private const int Vowels = 21;
    private const int Trails = 28;

    private static readonly Dictionary<int, int[]> Parts = [];
    private static readonly Dictionary<(int Base, int Mark), int> Composed = [];

    static CanonicalLetters()
    {
        using var stream = typeof(CanonicalLetters).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        // Below an empty line stand those that are taken apart and not put together again.
        var composes = true;
        while (reader.ReadLine() is { } line)
        {
            var codes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                .ToArray();
            composes &= codes.Length > 0;
            if (codes.Length > 0)
            {
                Parts.Add(codes[0], codes[1..]);
            }

            if (composes)
            {
                Composed.Add((codes[1], codes[2]), codes[0]);
            }
        }
    }

    /// <summary>A character in its parts: the letter, then its accents.</summary>
    public static IEnumerable<Rune> Decompose(Rune rune) =>
        rune.Value is >= FirstSyllable and <= LastSyllable ? DecomposeSyllable(rune.Value - FirstSyllable)
        : Parts.TryGetValue(rune.Value, out var parts) ? parts.SelectMany(part => Decompose(new Rune(part)))
        : [rune];

    /// <summary>A text in which accents that follow their letters are part of them.</summary>
    public static string Compose(string text)
    {
        List<int> result = [];
        foreach (var rune in text.EnumerateRunes())
        {
            if (result is [.., var last] && Composed.TryGetValue((last, rune.Value), out var composed))
            {
                result[^1] = composed;
            }
            else
            {
                result.Add(rune.Value);
            }
        }

        return string.Concat(result.Select(char.ConvertFromUtf32));
    }

    // Hangul follows a formula.
    private static IEnumerable<Rune> DecomposeSyllable(int number)
    {
        yield return new Rune(FirstLead + number / (Vowels * Trails));
        yield return new Rune(FirstVowel + number / Trails % Vowels);
        if (number % Trails > 0)
        {
            yield return new Rune(NoTrail + number % Trails);
        }
    }
}
