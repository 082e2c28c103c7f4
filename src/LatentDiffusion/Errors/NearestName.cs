namespace LatentDiffusion.Errors;

/// <summary>Guesses which name a misspelt one was meant to be.</summary>
public static class NearestName
{
    /// <summary>The nearest of <paramref name="names"/>, or null when none is near: about one slip per three letters.</summary>
    public static string? Of(string given, IEnumerable<string> names)
    {
        var nearest = names.MinBy(name => Distance(given, name));
        return nearest is not null && Distance(given, nearest) <= Math.Max(1, nearest.Length / 3) ? nearest : null;
    }

    /// <summary>A sentence with the guess, or failing that with all names.</summary>
    internal static string Advice(string given, IReadOnlyCollection<string> names, string what) =>
        Of(given, names) is { } nearest ? $"Did you mean '{nearest}'?"
        : names.Count == 0 ? $"There are no {what}."
        : $"The {what} are {string.Join(", ", names)}.";

    /// <summary>
    /// Damerau-Levenshtein distance (optimal string alignment): the least number of insertions, deletions, replacements
    /// and swaps of neighbours that turn one text into the other.
    /// </summary>
    internal static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                cost[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(
                        Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1,
                        cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                    ),
                };
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
