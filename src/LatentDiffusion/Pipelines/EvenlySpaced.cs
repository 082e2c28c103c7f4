namespace LatentDiffusion.Pipelines;

/// <summary>Picks some of many without preferring the first ones, which in a sorted folder are all of one class.</summary>
public static class EvenlySpaced
{
    /// <summary>Indices in ascending order, the first being 0.</summary>
    /// <param name="total">How many there are.</param>
    /// <param name="wanted">How many are wanted, at most.</param>
    /// <returns>Different numbers below <paramref name="total"/>, at most <paramref name="wanted"/>.</returns>
    public static IReadOnlyList<int> Indices(int total, int wanted)
    {
        var count = Math.Min(wanted, total);
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * total / count))];
    }
}
