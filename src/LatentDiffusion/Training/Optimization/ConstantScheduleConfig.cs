using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>The same learning rate in every step, as without a schedule.</summary>
[ConfigKind("constant")]
public sealed record ConstantScheduleConfig : LearningRateScheduleConfig
{
    /// <inheritdoc/>
    public override double FactorAt(long step) => 1;
}
