namespace LatentDiffusion.Data;

/// <summary>
/// The endless order in which images are visited: sample n belongs to epoch n / count, and each epoch is a permutation of
/// its own. Starting at any sample gives the same order from there on.
/// </summary>
internal sealed class EpochOrder
{
    // Tells this seed's use apart from others of the same run ("SHUF").
    private const long ShufflePurpose = 0x53485546;

    private readonly int[] _order;
    private readonly long _seed;
    private long _shuffledEpoch = -1;

    public EpochOrder(int count, long seed, long firstSample)
    {
        _order = new int[count];
        _seed = seed;
        NextSample = firstSample;
    }

    /// <summary>Number of the sample that <see cref="Next"/> gives.</summary>
    public long NextSample { get; private set; }

    public (long Epoch, int Index) Next()
    {
        var (epoch, position) = Math.DivRem(NextSample++, _order.Length);
        if (epoch != _shuffledEpoch)
        {
            Shuffle(epoch);
        }

        return (epoch, _order[position]);
    }

    // Fisher-Yates.
    private void Shuffle(long epoch)
    {
        for (var i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        for (var i = _order.Length - 1; i > 0; i--)
        {
            var j = UniformDraw.Below(i + 1, _seed, ShufflePurpose, epoch, i);
            (_order[i], _order[j]) = (_order[j], _order[i]);
        }

        _shuffledEpoch = epoch;
    }
}
