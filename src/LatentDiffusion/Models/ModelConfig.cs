using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models;

/// <summary>All that is needed to build a trained model again; stored in the metadata of its weights.</summary>
[ConfigKinds(typeof(AutoencoderModelConfig), typeof(LatentDiffusionModelConfig))]
public abstract record ModelConfig
{
    /// <summary>The first stage.</summary>
    [Description("The first stage.")]
    public required FirstStageConfig FirstStage { get; init; }

    /// <summary>Width and height of the training images, in pixels.</summary>
    [Description("Width and height of the training images, in pixels.")]
    [Minimum(1)]
    public required int ImageSize { get; init; }
}

/// <summary>A first stage on its own.</summary>
[ConfigKind("autoencoder")]
public sealed record AutoencoderModelConfig : ModelConfig;

/// <summary>A complete latent diffusion model.</summary>
[ConfigKind("latent_diffusion")]
public sealed record LatentDiffusionModelConfig : ModelConfig
{
    /// <summary>The denoising network.</summary>
    [Description("The denoising network.")]
    public required UnetConfig Unet { get; init; }

    /// <summary>What the model is conditioned on, or null.</summary>
    [Description("What the model is conditioned on; unconditional when absent.")]
    public ConditionerConfig? Conditioner { get; init; }

    /// <summary>Names of the classes in order of their ids; empty for unconditional models.</summary>
    [Description("Names of the classes in order of their ids; empty for unconditional models.")]
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>The noise schedule.</summary>
    [Description("The noise schedule.")]
    public NoiseScheduleConfig Schedule { get; init; } = new();

    /// <summary>The training objective.</summary>
    [Description("The training objective.")]
    public DiffusionObjectiveConfig Objective { get; init; } = new();
}
