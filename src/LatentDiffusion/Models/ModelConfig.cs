using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models;

/// <summary>All that is needed to build a trained model again; stored in the metadata of its weights.</summary>
[ConfigKinds(
    typeof(AutoencoderModelConfig),
    typeof(LatentDiffusionModelConfig),
    typeof(NoisyClassifierModelConfig),
    typeof(ClassifierModelConfig)
)]
public abstract record ModelConfig
{
    /// <summary>Width and height of the training images, in pixels.</summary>
    [Description("Width and height of the training images, in pixels.")]
    [Minimum(1)]
    public required int ImageSize { get; init; }
}

/// <summary>A model with a first stage.</summary>
public abstract record FirstStageModelConfig : ModelConfig
{
    /// <summary>The first stage.</summary>
    [Description("The first stage.")]
    public required FirstStageConfig FirstStage { get; init; }
}

/// <summary>A first stage on its own.</summary>
[ConfigKind("autoencoder")]
public sealed record AutoencoderModelConfig : FirstStageModelConfig;

/// <summary>A complete latent diffusion model.</summary>
[ConfigKind("latent_diffusion")]
public sealed record LatentDiffusionModelConfig : FirstStageModelConfig
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

    /// <summary>Names of the classes of label maps in order of their ids; empty for models without maps.</summary>
    [Description("Names of the classes of label maps in order of their ids; empty for models without maps.")]
    public IReadOnlyList<string> MapLabels { get; init; } = [];

    /// <summary>Names of the objects of layouts in order of their ids; empty for models without layouts.</summary>
    [Description("Names of the objects of layouts in order of their ids; empty for models without layouts.")]
    public IReadOnlyList<string> LayoutLabels { get; init; } = [];

    /// <summary>The noise schedule.</summary>
    [Description("The noise schedule.")]
    public NoiseScheduleConfig Schedule { get; init; } = new();

    /// <summary>The training objective.</summary>
    [Description("The training objective.")]
    public DiffusionObjectiveConfig Objective { get; init; } = new();
}

/// <summary>A classifier of noisy latents.</summary>
[ConfigKind("noisy_classifier")]
public sealed record NoisyClassifierModelConfig : FirstStageModelConfig
{
    /// <summary>The classifying network.</summary>
    [Description("The classifying network.")]
    public required EncoderUnetConfig Network { get; init; }

    /// <summary>Names of the classes in order of their ids.</summary>
    [Description("Names of the classes in order of their ids.")]
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The noise schedule.</summary>
    [Description("The noise schedule.")]
    public NoiseScheduleConfig Schedule { get; init; } = new();
}

/// <summary>A feature network with its classifying heads.</summary>
[ConfigKind("classifier")]
public sealed record ClassifierModelConfig : ModelConfig
{
    /// <summary>The stages.</summary>
    [Description("The stages.")]
    public required FeatureClassifierConfig Network { get; init; }

    /// <summary>The classifying layers.</summary>
    [Description("The classifying layers.")]
    public required IReadOnlyList<ClassifierHeadConfig> Heads { get; init; }
}
