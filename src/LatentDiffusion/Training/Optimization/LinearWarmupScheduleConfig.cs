using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>The factor grows in equal parts to 1, which it reaches in the last step of the warm-up, and stays.</summary>
[ConfigKind("linear_warmup")]
public sealed record LinearWarmupScheduleConfig : LearningRateScheduleConfig
{
    /// <summary>Steps of the warm-up.</summary>
    [Description("Steps of the warm-up: the factor is 1/steps in the first and 1 in the last.")]
    [Minimum(1)]
    public required long Steps { get; init; }

    /// <inheritdoc/>
    public override double FactorAt(long step) => Math.Min(1, (step + 1) / (double)Steps);
}
