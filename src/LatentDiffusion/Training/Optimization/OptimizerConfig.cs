using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>The optimiser's settings.</summary>
public sealed record OptimizerConfig
{
    /// <summary>The learning rate as it is used, unless <see cref="ScaleLearningRate"/> or a schedule changes it.</summary>
    [Description("The learning rate as it is used; only scale_learning_rate and schedule multiply it by something.")]
    [Minimum(0, Exclusive = true)]
    public required double LearningRate { get; init; }

    /// <summary>Whether the learning rate is multiplied by the images per step, as the reference does.</summary>
    [Description(
        "Multiply learning_rate by training.batch_size times training.accumulate, as the reference does with its "
            + "base_learning_rate."
    )]
    public bool ScaleLearningRate { get; init; }

    /// <summary>How the learning rate changes over the steps; constant when null.</summary>
    [Description("How the learning rate changes over the steps; it stays when absent.")]
    public LearningRateScheduleConfig? Schedule { get; init; }

    /// <summary>The largest L2 norm of all gradients together; unlimited when null.</summary>
    [Description(
        "The largest L2 norm of all gradients together: longer ones are shortened to it. Unlimited when absent."
    )]
    [Minimum(0, Exclusive = true)]
    public double? ClipNorm { get; init; }

    /// <summary>Decay of the gradient's mean.</summary>
    [Description("Decay of the gradient's mean. The reference uses 0.5 for autoencoders and 0.9 for diffusion.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the squared gradient's mean.</summary>
    [Description(
        "Decay of the squared gradient's mean. The reference uses 0.9 for autoencoders and 0.999 for diffusion."
    )]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Keeps the division finite.</summary>
    [Description("Keeps the division by the root of the squared gradient finite.")]
    [Minimum(0, Exclusive = true)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay per step, times the learning rate.</summary>
    [Description("Decoupled weight decay. The reference uses 0 for autoencoders and 0.01 for diffusion.")]
    [Minimum(0)]
    public double WeightDecay { get; init; }

    /// <summary>The learning rate at a step.</summary>
    /// <param name="step">Optimiser steps done before; the first step is number 0.</param>
    /// <param name="samplesPerStep">Images per optimiser step.</param>
    public double LearningRateAt(long step, int samplesPerStep) =>
        LearningRate * (ScaleLearningRate ? samplesPerStep : 1) * (Schedule?.FactorAt(step) ?? 1);
}
