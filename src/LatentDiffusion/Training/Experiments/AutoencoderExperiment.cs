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

    /// <summary>The loss.</summary>
    [Description("The loss's parts and their weights.")]
    public AutoencoderLossConfig Loss { get; init; } = new();

    /// <summary>What is done for the codebook besides its loss (VQ autoencoders).</summary>
    [Description("What is done for the codebook besides its loss (VQ autoencoders).")]
    public CodebookTrainingConfig Codebook { get; init; } = new();

    /// <summary>The largest decay of averaged weights, or null for none.</summary>
    [Description("The largest decay of averaged weights, with which images are then reconstructed; none when absent.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double? EmaDecay { get; init; }

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

        if (Model is not VqConfig && Codebook != new CodebookTrainingConfig())
        {
            yield return new ConfigProblem(nameof(Codebook), "only a vq model has a codebook; remove it");
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

/// <summary>What is done for a codebook besides its loss.</summary>
public sealed record CodebookTrainingConfig
{
    /// <summary>Whether codes start at latents of the first batch.</summary>
    [Description("Start the codes at latents of the first batch, instead of in a tiny cube around 0.")]
    public bool InitialiseFromData { get; init; }

    /// <summary>Steps after which codes that no latent chose are moved to latents, or null for never.</summary>
    [Description(
        "Every so many steps, move codes that no latent has chosen since to random latents; never when absent."
    )]
    [Minimum(1)]
    public int? ResetDeadEvery { get; init; }
}
