using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Training.Experiments;

/// <summary>Trains a first stage (LDM section 3.1).</summary>
[ConfigKind("autoencoder")]
public sealed record AutoencoderExperiment : ExperimentConfig, IConfigCheck
{
    /// <summary>The autoencoder.</summary>
    [Description("The autoencoder.")]
    public required FirstStageConfig Model { get; init; }

    /// <summary>Weights of the loss's parts.</summary>
    [Description("Weights of the loss's parts.")]
    public AutoencoderLossConfig Loss { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Model is IdentityConfig)
        {
            yield return new ConfigProblem(nameof(Model), "'identity' has nothing to train; choose kl or vq.");
            yield break;
        }

        var factor = Model.DownsamplingFactor;
        if (Data.Size % factor != 0)
        {
            yield return new ConfigProblem(
                nameof(Data),
                $"size {Data.Size} is not a multiple of the model's downsampling factor {factor}."
            );
        }
    }
}

/// <summary>Weights of the autoencoder loss (LDM appendix G).</summary>
public sealed record AutoencoderLossConfig
{
    /// <summary>Weight of the KL divergence (KL autoencoders).</summary>
    [Description("Weight of the KL divergence (KL autoencoders).")]
    [Minimum(0)]
    public double KlWeight { get; init; } = 1e-6;

    /// <summary>Weight of the codebook loss (VQ autoencoders).</summary>
    [Description("Weight of the codebook loss (VQ autoencoders).")]
    [Minimum(0)]
    public double CodebookWeight { get; init; } = 1;
}
