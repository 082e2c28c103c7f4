using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Training.Experiments;

/// <summary>Trains a first stage (LDM section 3.1).</summary>
[ConfigKind("autoencoder")]
public sealed record AutoencoderExperiment : ImageExperimentConfig, IConfigCheck
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

        if (NetworkOf(Model) is { ImageChannels: not 3 })
        {
            yield return new ConfigProblem(
                $"{nameof(Model)}.{nameof(KlConfig.Network)}.{nameof(AutoencoderConfig.ImageChannels)}",
                "training images have 3 channels"
            );
        }

        var factor = Model.DownsamplingFactor;
        if (Data.Size % factor != 0)
        {
            yield return new ConfigProblem(
                $"{nameof(Data)}.{nameof(Data.Size)}",
                $"must be a multiple of {factor}, by which the model makes images smaller"
            );
        }
    }

    private static AutoencoderConfig? NetworkOf(FirstStageConfig model) =>
        model switch
        {
            KlConfig kl => kl.Network,
            VqConfig vq => vq.Network,
            _ => null,
        };
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
