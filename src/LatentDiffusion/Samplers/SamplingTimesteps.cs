namespace LatentDiffusion.Samplers;

/// <summary>Chooses whole timesteps of the forward process, rising.</summary>
public static class SamplingTimesteps
{
    // The reference's quadratic timesteps end here.
    private const double QuadShare = 0.8;

    /// <summary>Evenly spaced timesteps, exactly as many as asked for.</summary>
    /// <remarks>
    /// For step counts that divide T these are the reference's 1, 1 + T/S, ...; for others the reference yields more
    /// steps than asked or runs past the end, and this does not.
    /// </remarks>
    /// <param name="steps">S, from 1 to <paramref name="timesteps"/>.</param>
    /// <param name="timesteps">T.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is outside 1..T.</exception>
    public static int[] Uniform(int steps, int timesteps)
    {
        Check(steps, timesteps);
        // The reference's shift by one leaves no room when every timestep is visited.
        var shift = steps == timesteps ? 0 : 1;
        return [.. Enumerable.Range(0, steps).Select(i => (int)((long)i * timesteps / steps) + shift)];
    }

    /// <summary>The reference's evenly spaced timesteps as they are, which may be more than asked for.</summary>
    /// <param name="steps">S, from 1 to <paramref name="timesteps"/>.</param>
    /// <param name="timesteps">T.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="steps"/> is outside 1..T, or the last timestep would be T, which fails in the reference too.
    /// </exception>
    public static int[] Reference(int steps, int timesteps)
    {
        Check(steps, timesteps);
        var distance = timesteps / steps;
        var count = (timesteps + distance - 1) / distance;
        return (count - 1) * distance + 1 < timesteps
            ? [.. Enumerable.Range(0, count).Select(i => i * distance + 1)]
            : throw new ArgumentOutOfRangeException(
                nameof(steps),
                steps,
                $"With {steps} steps the reference runs past its last timestep."
            );
    }

    /// <summary>Squares of evenly spaced numbers, up to 0.8 T; where the reference has one twice, it moves up.</summary>
    /// <param name="steps">S, from 1 to <paramref name="timesteps"/>.</param>
    /// <param name="timesteps">T.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is outside 1..T.</exception>
    public static int[] Quad(int steps, int timesteps)
    {
        Check(steps, timesteps);
        var end = Math.Sqrt(QuadShare * timesteps);
        var chosen = new int[steps];
        for (var i = 0; i < steps; i++)
        {
            var root = steps == 1 ? 0 : end * i / (steps - 1);
            var wanted = (int)(root * root) + 1;
            chosen[i] = i == 0 ? wanted : Math.Max(wanted, chosen[i - 1] + 1);
        }

        for (var i = 0; i < steps; i++)
        {
            chosen[i] = Math.Min(chosen[i], timesteps - steps + i);
        }

        return chosen;
    }

    /// <summary>Evenly spaced timesteps that end with the last one (Lin et al. 2023, table 2).</summary>
    /// <param name="steps">S, from 1 to <paramref name="timesteps"/>.</param>
    /// <param name="timesteps">T.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is outside 1..T.</exception>
    public static int[] Trailing(int steps, int timesteps)
    {
        Check(steps, timesteps);
        return [.. Enumerable.Range(1, steps).Select(i => (int)((2L * i * timesteps + steps) / (2L * steps)) - 1)];
    }

    private static void Check(int steps, int timesteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, timesteps);
    }
}
