using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Training.Experiments;

/// <summary>Trains a classifier of noisy latents, for classifier guidance (LDM appendix C).</summary>
[ConfigKind("noisy_classifier")]
public sealed record NoisyClassifierExperiment : ImageExperimentConfig, IConfigCheck
{
    /// <summary>The model to guide, or a trained first stage; null to classify noisy pixels.</summary>
    [Description(
        "The latent diffusion model to guide, or an autoencoder: a run folder, a model folder or a file. Of the former, the "
            + "noise schedule and the scale factor are taken, too. When absent, noisy pixels are classified."
    )]
    [ConfigPath]
    public string? FirstStage { get; init; }

    /// <summary>The classifying network.</summary>
    [Description("The classifying network.")]
    public required EncoderUnetConfig Network { get; init; }

    /// <summary>The noise schedule, or null for that of the model to guide.</summary>
    [Description("The noise schedule; that of the model to guide, or the usual one, when absent.")]
    public NoiseScheduleConfig? Schedule { get; init; }

    /// <summary>The factor on latents; null for that of the model to guide, or measured on the first batch.</summary>
    [Description(
        "The factor on latents; when absent, that of the model to guide, or 1 / standard deviation of the first batch's."
    )]
    [Minimum(0, Exclusive = true)]
    public double? ScaleFactor { get; init; }

    /// <summary>Encode every image once, before training, instead of in every step.</summary>
    [Description("Encode every image once, before training, instead of in every step; not with random crops.")]
    public bool CacheLatents { get; init; } = true;

    /// <summary>How training is measured; null to measure on images it is trained on.</summary>
    [Description("How loss and accuracy are measured on images that are not trained on; when absent, on 256 that are.")]
    public ValidationConfig? Validation { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (CacheLatents && Data.Crop == CropPlace.Random)
        {
            yield return new ConfigProblem(
                nameof(CacheLatents),
                "random crops differ in every epoch; set cache_latents to false or data.crop to center"
            );
        }

        foreach (
            var wrong in Validation?.ProblemsBeside(nameof(Validation), Data.Size, Schedule?.Length)
                ?? Enumerable.Empty<ConfigProblem>()
        )
        {
            yield return wrong;
        }
    }
}
