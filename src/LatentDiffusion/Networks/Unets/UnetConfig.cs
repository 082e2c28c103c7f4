using System.ComponentModel;

namespace LatentDiffusion.Networks.Unets;

/// <summary>The architecture of a <see cref="Unet"/>; the names follow the reference's YAML files.</summary>
public sealed record UnetConfig
{
    /// <summary>Channels of the input: latent channels plus channels of concatenated conditions.</summary>
    [Description("Channels of the input: latent channels plus those of concatenated conditions.")]
    public required int InChannels { get; init; }

    /// <summary>Channels of the output, usually the latent's.</summary>
    [Description("Channels of the output, usually the latent's.")]
    public required int OutChannels { get; init; }

    /// <summary>Channels at full resolution; a multiple of 32.</summary>
    [Description("Channels at full resolution; a multiple of 32.")]
    public required int ModelChannels { get; init; }

    /// <summary>Factors on <see cref="ModelChannels"/>, one per resolution level.</summary>
    [Description("Factors on model_channels, one per resolution level.")]
    public IReadOnlyList<int> ChannelMult { get; init; } = [1, 2, 4, 8];

    /// <summary>Residual blocks per level.</summary>
    [Description("Residual blocks per level.")]
    public int NumResBlocks { get; init; } = 2;

    /// <summary>Downsampling factors (1, 2, 4, ...), not pixel sizes, at which attention is used.</summary>
    [Description("Downsampling factors (1, 2, 4, ...), not pixel sizes, at which attention is used.")]
    public IReadOnlyList<int> AttentionResolutions { get; init; } = [];

    /// <summary>Dropout probability inside residual blocks.</summary>
    [Description("Dropout probability inside residual blocks.")]
    public double Dropout { get; init; }

    /// <summary>Whether up- and downsampling have a convolution of their own.</summary>
    [Description("Whether up- and downsampling have a convolution of their own.")]
    public bool ConvResample { get; init; } = true;

    /// <summary>Number of attention heads at every level; give this or <see cref="NumHeadChannels"/>.</summary>
    [Description("Number of attention heads at every level; give this or num_head_channels.")]
    public int? NumHeads { get; init; }

    /// <summary>Channels per attention head; the number of heads then grows with the channels.</summary>
    [Description("Channels per attention head; the number of heads then grows with the channels.")]
    public int? NumHeadChannels { get; init; }

    /// <summary>Let the timestep scale and shift the normalised features instead of being added.</summary>
    [Description("Let the timestep scale and shift the normalised features instead of being added.")]
    public bool UseScaleShiftNorm { get; init; }

    /// <summary>Resample inside residual blocks, as in BigGAN.</summary>
    [Description("Resample inside residual blocks, as in BigGAN.")]
    public bool ResblockUpdown { get; init; }

    /// <summary>Split query, key and value before the heads instead of after (attention blocks only).</summary>
    [Description("Split query, key and value before the heads instead of after (attention blocks only).")]
    public bool UseNewAttentionOrder { get; init; }

    /// <summary>Use transformer blocks with cross-attention instead of plain attention blocks.</summary>
    [Description("Use transformer blocks with cross-attention to the context instead of plain attention blocks.")]
    public bool UseSpatialTransformer { get; init; }

    /// <summary>Transformer blocks per spatial transformer.</summary>
    [Description("Transformer blocks per spatial transformer.")]
    public int TransformerDepth { get; init; } = 1;

    /// <summary>Channels of the context tokens; required with <see cref="UseSpatialTransformer"/>.</summary>
    [Description("Channels of the context tokens; needed with use_spatial_transformer.")]
    public int? ContextDim { get; init; }

    /// <summary>Number of class labels whose embedding is added to the timestep's, or null for none.</summary>
    [Description("Number of class labels whose embedding is added to the timestep's; none when absent.")]
    public int? NumClasses { get; init; }

    /// <summary>Size of the codebook whose indices the output head predicts instead of latents, or null.</summary>
    [Description("Size of the codebook whose indices the output head predicts instead of latents; none when absent.")]
    public int? NEmbed { get; init; }

    /// <summary>The number of attention heads for a layer of this many channels.</summary>
    internal int HeadsFor(int channels) => NumHeadChannels is { } perHead ? channels / perHead : NumHeads!.Value;
}
