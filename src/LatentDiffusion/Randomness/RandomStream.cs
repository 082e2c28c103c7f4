namespace LatentDiffusion.Randomness;

/// <summary>A sequence of random numbers that depends on its seed alone, on every platform and in every version of .NET.</summary>
/// <param name="seed">The seed; derive it with <see cref="DerivedSeed"/> where several sequences come from one run.</param>
public sealed class RandomStream(long seed)
{
    private const double LargeMean = 10;
    private long _drawn;

    /// <summary>The next 64 random bits.</summary>
    public long NextBits() => DerivedSeed.Of(seed, _drawn++);

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (NextBits() >>> 11) * (1.0 / (1L << 53));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double Uniform(double low, double high) => low + Uniform() * (high - low);

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(high, low);
        return low + (int)Math.BigMul((ulong)NextBits(), (ulong)((long)high - low + 1), out _);
    }

    /// <summary>One of the items.</summary>
    public T Choice<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items[Between(0, items.Count - 1)];
    }

    /// <summary>Puts the items into a random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Between(0, i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>Poisson with the given mean, 0 or more.</summary>
    public long Poisson(double mean)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mean);
        return mean < LargeMean ? SmallPoisson(mean) : LargePoisson(mean);
    }

    // Counts how many uniform factors the product takes to fall below exp(-mean).
    private long SmallPoisson(double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0L;
        for (var product = Uniform(); product > limit; product *= Uniform())
        {
            count++;
        }

        return count;
    }

    // Transformed rejection with squeeze (Hoermann 1993, PTRS).
    private long LargePoisson(double mean)
    {
        var logMean = Math.Log(mean);
        var b = 0.931 + 2.53 * Math.Sqrt(mean);
        var a = -0.059 + 0.02483 * b;
        var inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
        var accepted = 0.9277 - 3.6224 / (b - 2);
        while (true)
        {
            var u = Uniform() - 0.5;
            var v = 1 - Uniform();
            var us = 0.5 - Math.Abs(u);
            var count = Math.Floor((2 * a / us + b) * u + mean + 0.43);
            if (us >= 0.07 && v <= accepted)
            {
                return (long)count;
            }

            if (count < 0 || (us < 0.013 && v > us))
            {
                continue;
            }

            var bound = count * logMean - mean - LogFactorial(count);
            if (Math.Log(v) + Math.Log(inverseAlpha) - Math.Log(a / (us * us) + b) <= bound)
            {
                return (long)count;
            }
        }
    }

    // Stirling's series, with small numbers moved up to where it is accurate.
    private static double LogFactorial(double n)
    {
        var shift = 0.0;
        var x = n + 1;
        for (; x < 10; x++)
        {
            shift += Math.Log(x);
        }

        var inverse = 1 / (x * x);
        var series = (1.0 / 12 - inverse * (1.0 / 360 - inverse / 1260)) / x;
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + series - shift;
    }
}
