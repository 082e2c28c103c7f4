using System.Text;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Text;

/// <summary>How CLIP's vocabulary follows from its merges, and its letters for bytes.</summary>
internal static class ClipVocabulary
{
    // Merges of the published vocabulary; its file goes on with pairs that CLIP does not use.
    private const int PublishedMerges = 49152 - 256 - 2;
    private const string PublishedHeading = "\"bpe_simple_vocab_16e6";

    // GPT-2's letters: a printable Latin-1 character stands for itself, other bytes for characters from 256 on.
    private static readonly char[] Letters = MakeLetters();

    /// <summary>The pairs of a merges file, each as "left right".</summary>
    /// <exception cref="UserInputException">A line is no pair.</exception>
    public static string[] ParseMerges(string text, string name)
    {
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        var published = lines[0].StartsWith(PublishedHeading, StringComparison.Ordinal);
        if (published || lines[0].StartsWith("#version", StringComparison.Ordinal))
        {
            lines.RemoveAt(0);
        }

        var pairs = lines.Where(line => line.Length > 0).Take(published ? PublishedMerges : int.MaxValue).ToArray();
        var wrong = pairs.FirstOrDefault(pair => pair.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }]);
        return wrong is null
            ? pairs
            : throw new UserInputException(
                $"\"{wrong}\" in {name} is not a pair of pieces: give the merges.txt of a CLIP model."
            );
    }

    /// <summary>Ids as CLIP gives them: the bytes, the bytes at the end of a word, the merged pairs, start and end.</summary>
    public static Dictionary<string, int> Number(IEnumerable<string> pairs)
    {
        // Printable bytes come first.
        var letters = Letters.OrderBy(letter => letter > byte.MaxValue).Select(letter => letter.ToString()).ToList();
        var tokens = letters
            .Concat(letters.Select(letter => letter + "</w>"))
            .Concat(pairs.Select(pair => pair.Replace(" ", "", StringComparison.Ordinal)))
            .Concat(["<|startoftext|>", "<|endoftext|>"]);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, token) in tokens.Index())
        {
            ids[token] = id;
        }

        return ids;
    }

    /// <summary>The text whose UTF-8 bytes are written with letters; spaces stand for themselves.</summary>
    public static string TextOfBytes(string letters)
    {
        var bytes = letters.Select(letter =>
            letter == ' ' ? (byte)' ' : (byte)Math.Max(0, Array.IndexOf(Letters, letter))
        );
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static char[] MakeLetters()
    {
        var next = (char)(byte.MaxValue + 1);
        return
        [
            .. Enumerable
                .Range(0, byte.MaxValue + 1)
                .Select(value =>
                    value is (>= '!' and <= '~') or (>= 0xa1 and <= 0xac) or (>= 0xae and <= 0xff)
                        ? (char)value
                        : next++
                ),
        ];
    }
}
