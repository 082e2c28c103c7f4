using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data;

/// <summary>Single uniform random numbers, each a function of a seed and what it is for.</summary>
internal static class UniformDraw
{
    /// <summary>A whole number in 0 .. <paramref name="bound"/> - 1.</summary>
    /// <remarks>The upper half of a 128-bit product: even to one part in 2^33.</remarks>
    public static int Below(int bound, long seed, params ReadOnlySpan<long> parts) =>
        (int)Math.BigMul((ulong)DerivedSeed.Of(seed, parts), (ulong)bound, out _);

    /// <summary>A number in [0, 1).</summary>
    public static double Fraction(long seed, params ReadOnlySpan<long> parts) =>
        (DerivedSeed.Of(seed, parts) >>> 11) * (1.0 / (1L << 53));
}
