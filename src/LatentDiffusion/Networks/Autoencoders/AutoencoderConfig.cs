using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Layers;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The kind of attention in an autoencoder.</summary>
public enum AttentionType
{
    /// <summary>Single-head attention over all positions.</summary>
    Vanilla,

    /// <summary>Attention linear in the number of positions, without norm or residual, as in the reference.</summary>
    Linear,

    /// <summary>No attention at all, also not in the middle.</summary>
    None,
}

/// <summary>The architecture of an autoencoder's encoder and decoder (LDM section 3.1, appendix G).</summary>
public sealed record AutoencoderConfig : IConfigCheck
{
    // An image of the most pixels that are read is one latent by then.
    private const int MostLevels = 15;

    /// <summary>Channels of the images.</summary>
    [Description("Channels of the images.")]
    [Minimum(1)]
    public int ImageChannels { get; init; } = 3;

    /// <summary>Channels at full resolution; a multiple of <see cref="NormGroups"/>.</summary>
    [Description("Channels at full resolution; a multiple of norm_groups.")]
    [Minimum(1)]
    public int Channels { get; init; } = 128;

    /// <summary>Factors on <see cref="Channels"/>, one per level; the latent is smaller by 2^(levels-1).</summary>
    [Description("Factors on channels, one per level; the downsampling factor f is 2^(levels-1).")]
    [Minimum(1)]
    public required IReadOnlyList<int> ChannelMult { get; init; }

    /// <summary>Residual blocks per encoder level (the decoder has one more).</summary>
    [Description("Residual blocks per encoder level (the decoder has one more).")]
    [Minimum(1)]
    public int NumResBlocks { get; init; } = 2;

    /// <summary>Nominal resolutions, in pixels, that get attention after each block.</summary>
    [Description("Nominal resolutions, in pixels, that get attention after each block.")]
    public IReadOnlyList<int> AttentionResolutions { get; init; } = [];

    /// <summary>The nominal image size that <see cref="AttentionResolutions"/> refers to; any size can be encoded.</summary>
    [Description("The nominal image size that attention_resolutions refers to; any size can be encoded.")]
    public int Resolution { get; init; } = 256;

    /// <summary>The kind of attention, also in the middle of encoder and decoder.</summary>
    [Description("The kind of attention, also in the middle of encoder and decoder.")]
    public AttentionType Attention { get; init; } = AttentionType.Vanilla;

    /// <summary>Groups of channels in group normalisation; the reference has 32.</summary>
    /// <remarks>A group's mean is lost. With few channels per group, colours and brightness go with it.</remarks>
    [Description(
        "Groups of channels in group normalisation. The reference has 32 of at least 4 channels each; keep 4 with fewer "
            + "channels, for what a group has in common, such as colour, is lost."
    )]
    [Minimum(1)]
    public int NormGroups { get; init; } = GroupNormalization.ReferenceGroups;

    /// <summary>Channels between encoder and quant_conv.</summary>
    [Description("Channels between the encoder and quant_conv.")]
    [Minimum(1)]
    public required int ZChannels { get; init; }

    /// <summary>Dropout probability inside residual blocks.</summary>
    [Description("Dropout probability inside residual blocks.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double Dropout { get; init; }

    /// <summary>How many times smaller the latent is than the image, per side.</summary>
    internal int DownsamplingFactor => 1 << (ChannelMult.Count - 1);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Channels % NormGroups != 0)
        {
            yield return new ConfigProblem(nameof(Channels), $"must be a multiple of norm_groups, {NormGroups}");
        }

        if (ChannelMult.Count is 0 or > MostLevels)
        {
            yield return new ConfigProblem(nameof(ChannelMult), $"must have 1 to {MostLevels} levels");
        }
    }
}
