using LatentDiffusion.Diffusion;

namespace LatentDiffusion.Samplers;

/// <summary>The noise levels of a way down: S levels at which a model is asked, and the one where it ends.</summary>
public static class SamplingLevels
{
    private const double KarrasRho = 7;

    /// <summary>Chooses levels.</summary>
    /// <param name="levels">The schedule the model was trained with.</param>
    /// <param name="spacing">How they are spread.</param>
    /// <param name="steps">S, from 1 to T.</param>
    /// <param name="end">Where the way ends; at x_0 in any case if timestep 0 is among the levels.</param>
    /// <returns>S + 1 levels with strictly falling timesteps (more for <see cref="Spacing.Reference"/>).</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="steps"/> is outside 1..T, or impossible in the reference's spacing.
    /// </exception>
    public static IReadOnlyList<NoiseLevel> Create(NoiseLevels levels, Spacing spacing, int steps, SamplingEnd end)
    {
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, levels.Timesteps);
        var visited = Visited(levels, spacing, steps);
        var last = end == SamplingEnd.FirstTimestep && visited[^1].Timestep > 0 ? levels.First : NoiseLevel.Clean;
        return [.. visited, last];
    }

    /// <summary>The lower part of a way down, for image-to-image: int(strength S) steps as in the reference.</summary>
    /// <param name="levels">All S + 1 levels.</param>
    /// <param name="strength">
    /// How far up it starts: 0 leaves nothing to do, 1 everything. The first level returned is the one that
    /// <see cref="Noising.AddNoise"/> brings the image to.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The strength is outside 0..1.</exception>
    public static IReadOnlyList<NoiseLevel> Partial(IReadOnlyList<NoiseLevel> levels, double strength)
    {
        ArgumentNullException.ThrowIfNull(levels);
        if (strength is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(strength), strength, "The strength is from 0 to 1.");
        }

        var steps = (int)(strength * (levels.Count - 1));
        return [.. levels.Skip(levels.Count - 1 - steps)];
    }

    private static NoiseLevel[] Visited(NoiseLevels levels, Spacing spacing, int steps) =>
        spacing switch
        {
            Spacing.Karras => Continuous(
                levels,
                steps,
                level => Math.Pow(level.Sigma, 1 / KarrasRho),
                value => levels.AtSigma(Math.Pow(value, KarrasRho))
            ),
            Spacing.Exponential => Continuous(levels, steps, level => level.LogSnr, levels.AtLogSnr),
            Spacing.Reference => Table(levels, SamplingTimesteps.Reference(steps, levels.Timesteps)),
            Spacing.Quad => Table(levels, SamplingTimesteps.Quad(steps, levels.Timesteps)),
            Spacing.Trailing => Table(levels, SamplingTimesteps.Trailing(steps, levels.Timesteps)),
            _ => Table(levels, SamplingTimesteps.Uniform(steps, levels.Timesteps)),
        };

    private static NoiseLevel[] Table(NoiseLevels levels, int[] timesteps) =>
        [.. timesteps.Reverse().Select(t => levels.At(t))];

    /// <summary>Even steps in some measure of the noise, both ends of the table included.</summary>
    private static NoiseLevel[] Continuous(
        NoiseLevels levels,
        int steps,
        Func<NoiseLevel, double> measure,
        Func<double, NoiseLevel> at
    )
    {
        if (steps == 1 || levels.Timesteps == 1)
        {
            return [levels.Last];
        }

        if (levels.Last.Signal == 0)
        {
            // Its ratio is infinite: it comes first, and the rest is spread below it.
            var below = levels.At(levels.Timesteps - 2);
            return [levels.Last, .. steps == 2 ? [below] : Even(below, steps - 1)];
        }

        return Even(levels.Last, steps);

        NoiseLevel[] Even(NoiseLevel top, int count)
        {
            var (start, end) = (measure(top), measure(levels.First));
            return
            [
                top,
                .. Enumerable.Range(1, count - 2).Select(i => at(start + (end - start) * i / (count - 1))),
                levels.First,
            ];
        }
    }
}
