using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>A factor on the learning rate that is a function of the step's number.</summary>
[ConfigKinds(
    typeof(ConstantScheduleConfig),
    typeof(LinearWarmupScheduleConfig),
    typeof(LambdaLinearScheduleConfig),
    typeof(CosineScheduleConfig)
)]
public abstract record LearningRateScheduleConfig
{
    /// <summary>The factor on the learning rate.</summary>
    /// <param name="step">Optimiser steps done before; the first step is number 0.</param>
    public abstract double FactorAt(long step);
}
