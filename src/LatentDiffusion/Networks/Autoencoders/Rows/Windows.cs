namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>One of several overlapping windows on a line.</summary>
/// <param name="Start">Its first position.</param>
/// <param name="Weights">Its share in every position that it covers; the shares of all windows add up to 1.</param>
internal sealed record Window(long Start, float[] Weights)
{
    /// <summary>How many positions it covers.</summary>
    public long Length => Weights.Length;

    /// <summary>Covers a line with windows of equal length that fade into each other linearly.</summary>
    /// <param name="length">Positions of the line.</param>
    /// <param name="window">Positions of a window, at most.</param>
    /// <param name="overlap">Positions that neighbours share, at least; less than <paramref name="window"/>.</param>
    public static IReadOnlyList<Window> Cover(long length, long window, long overlap)
    {
        if (length <= window)
        {
            return [new Window(0, [.. Enumerable.Repeat(1f, (int)length)])];
        }

        var count = (length - overlap + window - overlap - 1) / (window - overlap);
        var starts = Enumerable.Range(0, (int)count).Select(i => i * (length - window) / (count - 1)).ToList();
        var shares = starts.Select((_, i) => Ramps(starts, i, window)).ToList();
        var sums = new double[length];
        for (var i = 0; i < count; i++)
        {
            for (var p = 0; p < window; p++)
            {
                sums[starts[i] + p] += shares[i][p];
            }
        }

        return
        [
            .. starts.Select(
                (start, i) => new Window(start, [.. shares[i].Select((s, p) => (float)(s / sums[start + p]))])
            ),
        ];
    }

    // Up over what is shared with the window before, down over what is shared with the one behind.
    private static double[] Ramps(List<long> starts, int index, long window)
    {
        var before = index == 0 ? 0 : starts[index - 1] + window - starts[index];
        var behind = index == starts.Count - 1 ? 0 : starts[index] + window - starts[index + 1];
        return
        [
            .. Enumerable
                .Range(0, (int)window)
                .Select(p => Math.Min(1, Math.Min((p + 1.0) / (before + 1), (window - p) / (behind + 1.0)))),
        ];
    }
}
