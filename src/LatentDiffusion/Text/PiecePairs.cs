namespace LatentDiffusion.Text;

/// <summary>Words in pieces, and how often which two pieces are neighbours.</summary>
internal sealed class PiecePairs
{
    private readonly List<(string[] Pieces, long Count)> _words;
    private readonly Dictionary<(string Left, string Right), long> _counts = [];
    private readonly Dictionary<(string Left, string Right), HashSet<int>> _places = [];

    /// <param name="words">The pieces of each word, and how often the word occurs.</param>
    public PiecePairs(IEnumerable<(string[] Pieces, long Count)> words)
    {
        _words = [.. words];
        for (var i = 0; i < _words.Count; i++)
        {
            Count(i, sign: 1);
        }
    }

    /// <summary>The most frequent pair, among equals the first in ordinal order; null when none is that frequent.</summary>
    /// <param name="least">How often it must occur.</param>
    public (string Left, string Right)? MostFrequent(long least)
    {
        (string Left, string Right)? best = null;
        var most = least - 1;
        foreach (var (pair, count) in _counts)
        {
            if (count > most || (count == most && best is { } other && Precedes(pair, other)))
            {
                (best, most) = (pair, count);
            }
        }

        return best;
    }

    /// <summary>Joins a pair wherever it occurs.</summary>
    /// <returns>The joined piece.</returns>
    public string Merge((string Left, string Right) pair)
    {
        var joined = pair.Left + pair.Right[WordPieceTokenizer.Continuation.Length..];
        foreach (var word in _places[pair].ToArray())
        {
            Count(word, sign: -1);
            _words[word] = (Join(_words[word].Pieces, pair, joined), _words[word].Count);
            Count(word, sign: 1);
        }

        return joined;
    }

    private void Count(int word, int sign)
    {
        var (pieces, count) = _words[word];
        for (var i = 1; i < pieces.Length; i++)
        {
            var pair = (pieces[i - 1], pieces[i]);
            var total = _counts.GetValueOrDefault(pair) + sign * count;
            if (total == 0)
            {
                _counts.Remove(pair);
            }
            else
            {
                _counts[pair] = total;
            }

            if (!_places.TryGetValue(pair, out var places))
            {
                _places[pair] = places = [];
            }

            if (sign > 0)
            {
                places.Add(word);
            }
            else
            {
                places.Remove(word);
            }
        }
    }

    private static string[] Join(string[] pieces, (string Left, string Right) pair, string joined)
    {
        List<string> result = [];
        for (var i = 0; i < pieces.Length; i++)
        {
            if (i + 1 < pieces.Length && (pieces[i], pieces[i + 1]) == pair)
            {
                result.Add(joined);
                i++;
            }
            else
            {
                result.Add(pieces[i]);
            }
        }

        return [.. result];
    }

    private static bool Precedes((string Left, string Right) first, (string Left, string Right) second) =>
        string.CompareOrdinal(first.Left, second.Left) is var order && order != 0
            ? order < 0
            : string.CompareOrdinal(first.Right, second.Right) < 0;
}
