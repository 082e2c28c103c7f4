using System.ComponentModel;
using System.Globalization;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Training.Experiments;

/// <summary>Trains a latent diffusion model on a trained first stage (LDM sections 3.2 and 3.3).</summary>
[ConfigKind("latent_diffusion")]
public sealed record DiffusionExperiment : ImageExperimentConfig, IConfigCheck
{
    /// <summary>The trained first stage: a run folder, a model folder or a file; null to diffuse pixels.</summary>
    [Description("The trained first stage: a run folder, a model folder or a file; when absent, pixels are diffused.")]
    [ConfigPath]
    public string? FirstStage { get; init; }

    /// <summary>The denoising network.</summary>
    [Description("The denoising network.")]
    public required UnetConfig Unet { get; init; }

    /// <summary>What the model is conditioned on, or null.</summary>
    [Description("What the model is conditioned on; unconditional when absent.")]
    public ConditionerConfig? Conditioner { get; init; }

    /// <summary>The noise schedule.</summary>
    [Description("The noise schedule.")]
    public NoiseScheduleConfig Schedule { get; init; } = new();

    /// <summary>The training objective.</summary>
    [Description("The training objective.")]
    public DiffusionObjectiveConfig Objective { get; init; } = new();

    /// <summary>The factor on latents; measured on the first batch when absent.</summary>
    [Description("The factor on latents; when absent, 1 / standard deviation of the first batch's latents.")]
    [Minimum(0, Exclusive = true)]
    public double? ScaleFactor { get; init; }

    /// <summary>Encode every image once, before training, instead of in every step.</summary>
    [Description("Encode every image once, before training, instead of in every step; not with random crops.")]
    public bool CacheLatents { get; init; } = true;

    /// <summary>The largest decay of the averaged weights.</summary>
    [Description("The largest decay of the averaged weights; it grows towards this from 0.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double EmaDecay { get; init; } = 0.9999;

    /// <summary>How training is measured, or null.</summary>
    [Description("How the loss is measured on images that are not trained on; not measured when absent.")]
    public ValidationConfig? Validation { get; init; }

    /// <summary>How sample sheets are drawn.</summary>
    [Description("How sample sheets are drawn during training.")]
    public SampleSheetConfig Samples { get; init; } = new();

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

        if (Conditioner?.ContextDim is { } channels && channels != Unet.ContextDim)
        {
            yield return new ConfigProblem(
                Conditioner is HybridConfig
                    ? $"{nameof(Conditioner)}.{nameof(HybridConfig.Parts)}"
                    : $"{nameof(Conditioner)}.{nameof(ClassTokenConfig.EmbedDim)}",
                $"must {(Conditioner is HybridConfig ? "have an embed_dim equal to" : "equal")} unet.context_dim ({Unet.ContextDim?.ToString(CultureInfo.InvariantCulture) ?? "absent"})"
            );
        }

        if (Objective.ProblemWith(Schedule) is { } problem)
        {
            yield return new ConfigProblem($"{nameof(Schedule)}.{nameof(Schedule.ZeroTerminalSnr)}", problem);
        }

        if (Samples.Steps > Schedule.Length)
        {
            yield return new ConfigProblem(
                $"{nameof(Samples)}.{nameof(Samples.Steps)}",
                $"must not exceed the schedule's {Schedule.Length} timesteps"
            );
        }

        foreach (
            var wrong in Validation?.ProblemsBeside(nameof(Validation), Data.Size, Schedule.Length)
                ?? Enumerable.Empty<ConfigProblem>()
        )
        {
            yield return wrong;
        }
    }
}

/// <summary>The weights that sheets are drawn with.</summary>
public enum SheetWeights
{
    /// <summary>The averaged ones.</summary>
    Averaged,

    /// <summary>Those of the last step.</summary>
    Raw,

    /// <summary>Both, one below the other.</summary>
    Both,
}

/// <summary>How sample sheets are drawn during training.</summary>
public sealed record SampleSheetConfig
{
    /// <summary>Images per class or prompt, or in all for an unconditional model.</summary>
    [Description("Images per class or prompt (per sheet for an unconditional model).")]
    [Minimum(1)]
    public int PerClass { get; init; } = 8;

    /// <summary>Sampler steps.</summary>
    [Description("Sampler steps.")]
    [Minimum(1)]
    public int Steps { get; init; } = 50;

    /// <summary>Guidance scale.</summary>
    [Description("Guidance scale; 1 is none.")]
    [Minimum(0)]
    public double Guidance { get; init; } = 2;

    /// <summary>Seed of a sheet's first image, or null for the run's.</summary>
    [Description("Seed of a sheet's first image, the same for every sheet; the run's seed when absent.")]
    public long? Seed { get; init; }

    /// <summary>What sheets of a model with text show, one row each; captions of the training images when empty.</summary>
    [Description(
        "What sheets of a model with text show, one row each; some captions of the training images when empty."
    )]
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>The weights that sheets are drawn with.</summary>
    [Description("The weights that sheets are drawn with; 'both' puts two sheets into one file.")]
    public SheetWeights Weights { get; init; } = SheetWeights.Averaged;
}
