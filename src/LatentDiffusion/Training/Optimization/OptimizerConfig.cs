using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Training.Optimization;

/// <summary>The optimiser's settings.</summary>
public sealed record OptimizerConfig
{
    /// <summary>The learning rate as it is used: not scaled by batch size.</summary>
    [Description("The learning rate as it is used; it is not scaled by the batch size.")]
    [Minimum(0, Exclusive = true)]
    public required double LearningRate { get; init; }

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
}
