using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>
/// The reference's LambdaWarmUpCosineScheduler: a linear rise from lr_start to lr_max, then half a cosine down to lr_min.
/// All three are factors on the learning rate.
/// </summary>
[ConfigKind("cosine")]
public sealed record CosineScheduleConfig : LearningRateScheduleConfig, IConfigCheck
{
    /// <summary>Steps of the warm-up.</summary>
    [Description("Steps of the warm-up.")]
    [Minimum(0)]
    public required long WarmUpSteps { get; init; }

    /// <summary>The factor at the first step.</summary>
    [Description("The factor on the learning rate at the first step.")]
    [Minimum(0)]
    public required double LrStart { get; init; }

    /// <summary>The factor at the end.</summary>
    [Description("The factor on the learning rate at the end.")]
    [Minimum(0)]
    public required double LrMin { get; init; }

    /// <summary>The factor after the warm-up.</summary>
    [Description("The factor on the learning rate after the warm-up.")]
    [Minimum(0)]
    public required double LrMax { get; init; }

    /// <summary>The step from which on the factor is the least.</summary>
    [Description("The step from which on the factor is lr_min; the warm-up is counted.")]
    [Minimum(1)]
    public required long MaxDecaySteps { get; init; }

    /// <inheritdoc/>
    public override double FactorAt(long step)
    {
        if (step < WarmUpSteps)
        {
            return (LrMax - LrStart) / WarmUpSteps * step + LrStart;
        }

        var way = Math.Min(1, (step - WarmUpSteps) / (double)(MaxDecaySteps - WarmUpSteps));
        return LrMin + 0.5 * (LrMax - LrMin) * (1 + Math.Cos(Math.PI * way));
    }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (MaxDecaySteps <= WarmUpSteps)
        {
            yield return new ConfigProblem(nameof(MaxDecaySteps), $"must be greater than warm_up_steps, {WarmUpSteps}");
        }
    }
}
