using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The first stage: how images are compressed to latents.</summary>
[ConfigKinds(typeof(KlConfig), typeof(VqConfig), typeof(IdentityConfig))]
public abstract record FirstStageConfig
{
    /// <summary>How many times smaller latents are than images, per side.</summary>
    internal abstract int DownsamplingFactor { get; }

    /// <summary>Builds the network with fresh weights.</summary>
    public abstract FirstStage Build();

    /// <summary>The same description with the contents of files it names, to be kept where those may be missing.</summary>
    /// <exception cref="Errors.UserInputException">A file is missing or not usable.</exception>
    public virtual FirstStageConfig WithFilesRead() => this;
}

/// <summary>A KL-regularised autoencoder.</summary>
[ConfigKind("kl")]
public sealed record KlConfig : FirstStageConfig
{
    /// <summary>Encoder and decoder.</summary>
    [Description("Encoder and decoder.")]
    public required AutoencoderConfig Network { get; init; }

    /// <summary>Channels of the latents.</summary>
    [Description("Channels of the latents.")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }

    internal override int DownsamplingFactor => Network.DownsamplingFactor;

    /// <inheritdoc/>
    public override FirstStage Build() => new KlAutoencoder(Network, EmbedDim);
}

/// <summary>A vector-quantised autoencoder.</summary>
[ConfigKind("vq")]
public sealed record VqConfig : FirstStageConfig, IConfigCheck
{
    /// <summary>Encoder and decoder.</summary>
    [Description("Encoder and decoder.")]
    public required AutoencoderConfig Network { get; init; }

    /// <summary>Channels of the latents and length of the codes.</summary>
    [Description("Channels of the latents and length of the codes.")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }

    /// <summary>Number of codes in the codebook.</summary>
    [Description("Number of codes in the codebook.")]
    [Minimum(1)]
    public required int Codes { get; init; }

    /// <summary>Weight of the commitment loss.</summary>
    [Description("Weight of the commitment loss.")]
    [Minimum(0)]
    public double Beta { get; init; } = 0.25;

    /// <summary>Whether beta weighs the codebook term instead, as in the reference's training runs.</summary>
    [Description(
        "Whether beta weighs the codebook term instead of the commitment, as in the reference's training runs."
    )]
    public bool LegacyBeta { get; init; } = true;

    /// <summary>A NumPy file that lists the codes in use.</summary>
    [Description(
        "A NumPy file (.npy, one-dimensional, int32 or int64) that lists the codes in use, for models that predict "
            + "indices; images do not depend on it."
    )]
    [ConfigPath]
    public string? Remap { get; init; }

    /// <summary>The codes in use, listed here instead of in a file.</summary>
    [Description("The codes in use, listed here instead of in the file that remap names.")]
    [Minimum(0)]
    public IReadOnlyList<int>? UsedCodes { get; init; }

    internal override int DownsamplingFactor => Network.DownsamplingFactor;

    /// <inheritdoc/>
    public override FirstStage Build() => new VqAutoencoder(Network, EmbedDim, Codes, Beta, LegacyBeta, ReadRemap());

    /// <inheritdoc/>
    public override FirstStageConfig WithFilesRead() => this with { Remap = null, UsedCodes = ReadRemap()?.Used };

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Remap is not null && UsedCodes is not null)
        {
            yield return new ConfigProblem(nameof(UsedCodes), "must not be given together with remap");
        }
    }

    private CodebookRemap? ReadRemap() =>
        (Remap, UsedCodes) switch
        {
            ({ } path, _) => CodebookRemap.Read(path),
            (_, { } codes) => new CodebookRemap(codes),
            _ => null,
        };
}

/// <summary>No compression: diffusion on pixels (the paper's LDM-1).</summary>
[ConfigKind("identity")]
public sealed record IdentityConfig : FirstStageConfig
{
    /// <summary>Channels of the images.</summary>
    [Description("Channels of the images.")]
    [Minimum(1)]
    public int ImageChannels { get; init; } = 3;

    internal override int DownsamplingFactor => 1;

    /// <inheritdoc/>
    public override FirstStage Build() => new IdentityFirstStage(ImageChannels);
}
