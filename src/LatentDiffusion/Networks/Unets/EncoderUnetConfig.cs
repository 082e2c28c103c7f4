using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Unets;

/// <summary>How an <see cref="EncoderUnet"/> makes one vector of its last feature map.</summary>
public enum EncoderPooling
{
    /// <summary>The mean over all positions.</summary>
    Adaptive,

    /// <summary>Attention of the mean to all positions (Radford et al. 2021).</summary>
    Attention,

    /// <summary>The means of all feature maps on the way down, through two linear layers.</summary>
    Spatial,

    /// <summary>The same with a normalisation between the linear layers.</summary>
    SpatialV2,
}

/// <summary>The architecture of an <see cref="EncoderUnet"/>; the names follow the reference's.</summary>
public sealed record EncoderUnetConfig : IConfigCheck
{
    /// <summary>Channels at full resolution; a multiple of 32.</summary>
    [Description("Channels at full resolution; a multiple of 32.")]
    [Minimum(1)]
    public required int ModelChannels { get; init; }

    /// <summary>Factors on <see cref="ModelChannels"/>, one per resolution level.</summary>
    [Description("Factors on model_channels, one per resolution level.")]
    [Minimum(1)]
    public IReadOnlyList<int> ChannelMult { get; init; } = [1, 2, 4, 8];

    /// <summary>Residual blocks per level.</summary>
    [Description("Residual blocks per level.")]
    [Minimum(1)]
    public int NumResBlocks { get; init; } = 2;

    /// <summary>Downsampling factors (1, 2, 4, ...) at which attention is used.</summary>
    [Description("Downsampling factors (1, 2, 4, ...), not pixel sizes, at which attention is used.")]
    public IReadOnlyList<int> AttentionResolutions { get; init; } = [];

    /// <summary>Channels per attention head.</summary>
    [Description("Channels per attention head.")]
    [Minimum(1)]
    public int NumHeadChannels { get; init; } = 32;

    /// <summary>Dropout probability inside residual blocks.</summary>
    [Description("Dropout probability inside residual blocks.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double Dropout { get; init; }

    /// <summary>Whether downsampling has a convolution of its own.</summary>
    [Description("Whether downsampling has a convolution of its own.")]
    public bool ConvResample { get; init; } = true;

    /// <summary>Let the timestep scale and shift the normalised features instead of being added.</summary>
    [Description("Let the timestep scale and shift the normalised features instead of being added.")]
    public bool UseScaleShiftNorm { get; init; }

    /// <summary>Resample inside residual blocks, as in BigGAN.</summary>
    [Description("Resample inside residual blocks, as in BigGAN.")]
    public bool ResblockUpdown { get; init; }

    /// <summary>Split query, key and value before the heads instead of after.</summary>
    [Description("Split query, key and value before the heads instead of after.")]
    public bool UseNewAttentionOrder { get; init; }

    /// <summary>How one vector is made of the last feature map.</summary>
    [Description("How one vector is made of the last feature map.")]
    public EncoderPooling Pool { get; init; } = EncoderPooling.Attention;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check() => Layout(inChannels: 1).Check();

    /// <summary>The way down of a UNet of this architecture.</summary>
    internal UnetConfig Layout(int inChannels) =>
        new()
        {
            InChannels = inChannels,
            // Of the way up, which is not built.
            OutChannels = inChannels,
            ModelChannels = ModelChannels,
            ChannelMult = ChannelMult,
            NumResBlocks = NumResBlocks,
            AttentionResolutions = AttentionResolutions,
            NumHeadChannels = NumHeadChannels,
            Dropout = Dropout,
            ConvResample = ConvResample,
            UseScaleShiftNorm = UseScaleShiftNorm,
            ResblockUpdown = ResblockUpdown,
            UseNewAttentionOrder = UseNewAttentionOrder,
        };
}
