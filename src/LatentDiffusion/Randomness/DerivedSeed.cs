namespace LatentDiffusion.Randomness;

/// <summary>
/// Derives independent seeds from one run seed, so that the random numbers of a training step or of one image depend
/// only on (seed, what it is for, its number) and never on threads, order or where a run was resumed.
/// </summary>
public static class DerivedSeed
{
    /// <summary>Mixes <paramref name="seed"/> with the parts, in order, into a new 64-bit seed.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="parts">For example (purpose, epoch, index).</param>
    public static long Of(long seed, params ReadOnlySpan<long> parts)
    {
        var state = Mix((ulong)seed);
        foreach (var part in parts)
        {
            state = Mix(state ^ Mix((ulong)part));
        }

        return (long)state;
    }

    // SplitMix64 (Steele, Lea, Flood 2014): one step of the sequence started at x.
    private static ulong Mix(ulong x)
    {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
}
