namespace LatentDiffusion.Samplers;

/// <summary>Chooses the timesteps of the forward process that a sampler visits.</summary>
public static class SamplingTimesteps
{
    /// <summary>Evenly spaced timesteps, exactly as many as asked for, rising.</summary>
    /// <remarks>
    /// For step counts that divide T these are the reference's 1, 1 + T/S, ...; for others the reference yields more
    /// steps than asked or runs past the end, and this does not.
    /// </remarks>
    /// <param name="steps">S, from 1 to <paramref name="timesteps"/>.</param>
    /// <param name="timesteps">T.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="steps"/> is outside 1..T.</exception>
    public static int[] Uniform(int steps, int timesteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, timesteps);
        // The reference's shift by one leaves no room when every timestep is visited.
        var shift = steps == timesteps ? 0 : 1;
        return [.. Enumerable.Range(0, steps).Select(i => (int)((long)i * timesteps / steps) + shift)];
    }
}
