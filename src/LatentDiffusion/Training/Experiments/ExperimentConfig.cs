using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Training.Optimization;

namespace LatentDiffusion.Training.Experiments;

/// <summary>What <c>ldm train</c> trains, on what and how.</summary>
[ConfigKinds(
    typeof(AutoencoderExperiment),
    typeof(DiffusionExperiment),
    typeof(NoisyClassifierExperiment),
    typeof(ClassifierExperiment)
)]
public abstract record ExperimentConfig
{
    /// <summary>The seed of everything random in the run.</summary>
    [Description("The seed of everything random in the run.")]
    public long Seed { get; init; } = 23;

    /// <summary>A trained model whose weights this run starts from, or null for fresh ones.</summary>
    [Description(
        "A trained model whose weights the run starts from: a run folder, a model folder or a file; fresh weights when "
            + "absent. Of a latent diffusion model the UNet, the scale factor and the conditioner, if it is of the same kind, are taken."
    )]
    [ConfigPath]
    public string? InitFrom { get; init; }

    /// <summary>The optimiser.</summary>
    [Description("The optimiser.")]
    public required OptimizerConfig Optimizer { get; init; }

    /// <summary>Length, checkpoints and log.</summary>
    [Description("Length, checkpoints and log.")]
    public TrainingConfig Training { get; init; } = new();
}

/// <summary>Trains on the images of one source.</summary>
public abstract record ImageExperimentConfig : ExperimentConfig
{
    /// <summary>The training images.</summary>
    [Description("The training images.")]
    public required DataConfig Data { get; init; }
}

/// <summary>Length, checkpoints and log of a run.</summary>
public sealed record TrainingConfig
{
    /// <summary>Images that go through the network at once.</summary>
    [Description("Images that go through the network at once.")]
    [Minimum(1)]
    public int BatchSize { get; init; } = 32;

    /// <summary>Batches per optimiser step.</summary>
    [Description("Batches per optimiser step: gradients are averaged over them, as if the batch were larger.")]
    [Minimum(1)]
    public int Accumulate { get; init; } = 1;

    /// <summary>Whether activations are computed again in the backward pass instead of being kept.</summary>
    [Description("Compute activations again in the backward pass instead of keeping them: less memory, more time.")]
    public bool GradientCheckpointing { get; init; }

    /// <summary>Optimiser steps of the whole run.</summary>
    [Description("Optimiser steps of the whole run; --steps and --minutes may end it sooner.")]
    [Minimum(1)]
    public long Steps { get; init; } = 10_000;

    /// <summary>Steps between lines of the log.</summary>
    [Description("Steps between lines of the log.")]
    [Minimum(1)]
    public int LogEvery { get; init; } = 10;

    /// <summary>Steps between sheets of samples or reconstructions.</summary>
    [Description("Steps between sheets of samples or reconstructions; 0 for none before the end.")]
    [Minimum(0)]
    public int SampleEvery { get; init; } = 1000;

    /// <summary>Minutes between checkpoints.</summary>
    [Description("Minutes between checkpoints.")]
    [Minimum(0, Exclusive = true)]
    public double CheckpointMinutes { get; init; } = 5;

    /// <summary>Steps between checkpoints, besides those by time.</summary>
    [Description("Steps between checkpoints, besides those by time; 0 for none.")]
    [Minimum(0)]
    public int CheckpointEvery { get; init; }

    /// <summary>How many checkpoints are kept.</summary>
    [Description("How many checkpoints are kept.")]
    [Minimum(1)]
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Images per optimiser step.</summary>
    public int SamplesPerStep => BatchSize * Accumulate;
}
