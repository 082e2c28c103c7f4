namespace LatentDiffusion.Data;

/// <summary>
/// The endless order in which images are visited: sample n belongs to epoch n / count, and each epoch is a permutation of
/// its own. Starting at any sample gives the same order from there on.
/// </summary>
internal sealed class EpochOrder
{
    // Tells this seed's use apart from others of the same run ("SHUF").
    private const long ShufflePurpose = 0x53485546;

    private readonly int[] order;
    private readonly long seed;
    private long shuffledEpoch = -1;

    public EpochOrder(int count, long seed, long firstSample)
    {
        order = new int[count];
        this.seed = seed;
        NextSample = firstSample;
    }

    /// <summary>Number of the sample that <see cref="Next"/> gives.</summary>
    public long NextSample { get; private set; }

    public (long Epoch, int Index) Next()
    {
        var (epoch, position) = Math.DivRem(NextSample++, order.Length);
        if (epoch != shuffledEpoch)
        {
            Shuffle(epoch);
        }

        return (epoch, order[position]);
    }

    // Fisher-Yates.
    private void Shuffle(long epoch)
    {
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        for (var i = order.Length - 1; i > 0; i--)
        {
            var j = UniformDraw.Below(i + 1, seed, ShufflePurpose, epoch, i);
            (order[i], order[j]) = (order[j], order[i]);
        }

        shuffledEpoch = epoch;
    }
}
