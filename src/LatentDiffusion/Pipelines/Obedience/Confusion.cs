namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>How often pixels of every class were said to be of which class.</summary>
/// <param name="classes">Number of classes.</param>
internal sealed class Confusion(int classes)
{
    private readonly long[,] _counts = new long[classes, classes];

    private IEnumerable<int> All => Enumerable.Range(0, classes);

    private long Total => All.Sum(Wanted);

    /// <summary>Counts pixels.</summary>
    /// <param name="truth">The class of each.</param>
    /// <param name="told">What was said of each.</param>
    public void Add(long[] truth, long[] told)
    {
        for (var i = 0; i < truth.Length; i++)
        {
            _counts[truth[i], told[i]]++;
        }
    }

    /// <summary>How well both agree.</summary>
    public MapAgreement Agreement()
    {
        var occurring = All.Where(c => Wanted(c) > 0);
        return new MapAgreement(
            (double)All.Sum(c => _counts[c, c]) / Total,
            occurring.Average(c => (double)_counts[c, c] / (Wanted(c) + Told(c) - _counts[c, c]))
        );
    }

    /// <summary>The share of the most frequent class.</summary>
    public double MostFrequent() => (double)All.Max(Wanted) / Total;

    private long Wanted(int c) => All.Sum(told => _counts[c, told]);

    private long Told(int c) => All.Sum(truth => _counts[truth, c]);
}
