using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>
/// The reference's LambdaLinearScheduler: cycles that each rise from f_start to f_max and then fall linearly towards
/// f_min. Every list has an item per cycle.
/// </summary>
[ConfigKind("lambda_linear")]
public sealed record LambdaLinearScheduleConfig : LearningRateScheduleConfig, IConfigCheck
{
    /// <summary>Steps of each cycle's warm-up.</summary>
    [Description("Steps of each cycle's warm-up.")]
    [Minimum(0)]
    public required IReadOnlyList<long> WarmUpSteps { get; init; }

    /// <summary>The factor at each cycle's first step.</summary>
    [Description("The factor at each cycle's first step.")]
    [Minimum(0)]
    public required IReadOnlyList<double> FStart { get; init; }

    /// <summary>The factor that each cycle would have at its end.</summary>
    [Description("The factor at each cycle's end.")]
    [Minimum(0)]
    public required IReadOnlyList<double> FMin { get; init; }

    /// <summary>The factor after each cycle's warm-up.</summary>
    [Description(
        "The factor that each cycle's warm-up rises to. The fall is reckoned from the cycle's start: it begins "
            + "a little lower, at f_min + (f_max - f_min) (1 - warm_up_steps / cycle_lengths)."
    )]
    [Minimum(0)]
    public required IReadOnlyList<double> FMax { get; init; }

    /// <summary>Steps of each cycle, warm-up included.</summary>
    [Description("Steps of each cycle, warm-up included; after the last the factor stays at its end.")]
    [Minimum(1)]
    public required IReadOnlyList<long> CycleLengths { get; init; }

    /// <inheritdoc/>
    public override double FactorAt(long step)
    {
        // As in the reference, a cycle's last step is the one that the next cycle would count as its first.
        var cycle = 0;
        while (cycle < CycleLengths.Count - 1 && step > CycleLengths[cycle])
        {
            step -= CycleLengths[cycle];
            cycle++;
        }

        var (start, least, most) = (FStart[cycle], FMin[cycle], FMax[cycle]);
        if (step < WarmUpSteps[cycle])
        {
            return (most - start) / WarmUpSteps[cycle] * step + start;
        }

        // Beyond the last cycle the reference fails.
        double length = CycleLengths[cycle];
        return least + (most - least) * (length - Math.Min(step, length)) / length;
    }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        var cycles = CycleLengths.Count;
        if (cycles == 0)
        {
            yield return new ConfigProblem(nameof(CycleLengths), "must have an item per cycle, at least one");
        }

        var lists = new[]
        {
            (Name: nameof(WarmUpSteps), WarmUpSteps.Count),
            (Name: nameof(FStart), FStart.Count),
            (Name: nameof(FMin), FMin.Count),
            (Name: nameof(FMax), FMax.Count),
        };
        foreach (var (name, count) in lists)
        {
            if (count != cycles)
            {
                yield return new ConfigProblem(name, $"must have as many items as cycle_lengths, {cycles}");
            }
        }
    }
}
