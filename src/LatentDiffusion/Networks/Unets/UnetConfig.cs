using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Layers;

namespace LatentDiffusion.Networks.Unets;

/// <summary>The architecture of a <see cref="Unet"/>; the names follow the reference's YAML files.</summary>
public sealed record UnetConfig : IConfigCheck
{
    /// <summary>Channels of the input: latent channels plus channels of concatenated conditions.</summary>
    [Description("Channels of the input: latent channels plus those of concatenated conditions.")]
    [Minimum(1)]
    public required int InChannels { get; init; }

    /// <summary>Channels of the output, usually the latent's.</summary>
    [Description("Channels of the output, usually the latent's.")]
    [Minimum(1)]
    public required int OutChannels { get; init; }

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

    /// <summary>Downsampling factors (1, 2, 4, ...), not pixel sizes, at which attention is used.</summary>
    [Description("Downsampling factors (1, 2, 4, ...), not pixel sizes, at which attention is used.")]
    public IReadOnlyList<int> AttentionResolutions { get; init; } = [];

    /// <summary>Dropout probability inside residual blocks.</summary>
    [Description("Dropout probability inside residual blocks.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double Dropout { get; init; }

    /// <summary>Whether up- and downsampling have a convolution of their own.</summary>
    [Description("Whether up- and downsampling have a convolution of their own.")]
    public bool ConvResample { get; init; } = true;

    /// <summary>Number of attention heads at every level; give this or <see cref="NumHeadChannels"/>.</summary>
    [Description("Number of attention heads at every level; give this or num_head_channels.")]
    [Minimum(1)]
    public int? NumHeads { get; init; }

    /// <summary>Channels per attention head; the number of heads then grows with the channels.</summary>
    [Description("Channels per attention head; the number of heads then grows with the channels.")]
    [Minimum(1)]
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
    [Minimum(1)]
    public int TransformerDepth { get; init; } = 1;

    /// <summary>Channels of the context tokens; required with <see cref="UseSpatialTransformer"/>.</summary>
    [Description("Channels of the context tokens; needed with use_spatial_transformer.")]
    [Minimum(1)]
    public int? ContextDim { get; init; }

    /// <summary>Number of class labels whose embedding is added to the timestep's, or null for none.</summary>
    [Description("Number of class labels whose embedding is added to the timestep's; none when absent.")]
    [Minimum(1)]
    public int? NumClasses { get; init; }

    /// <summary>Size of the codebook whose indices the output head predicts instead of latents, or null.</summary>
    [Description("Size of the codebook whose indices the output head predicts instead of latents; none when absent.")]
    [Minimum(1)]
    public int? NEmbed { get; init; }

    /// <summary>The number of attention heads for a layer of this many channels.</summary>
    internal int HeadsFor(int channels) => NumHeadChannels is { } perHead ? channels / perHead : NumHeads!.Value;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (ModelChannels % GroupNormalization.ReferenceGroups != 0)
        {
            yield return new ConfigProblem(
                nameof(ModelChannels),
                $"must be a multiple of {GroupNormalization.ReferenceGroups}"
            );
        }

        if (ChannelMult.Count == 0)
        {
            yield return new ConfigProblem(nameof(ChannelMult), "must have at least one level");
        }

        if (UseSpatialTransformer != ContextDim is not null)
        {
            yield return new ConfigProblem(nameof(ContextDim), "goes with use_spatial_transformer, and only with it");
        }

        if (NumHeads is null == NumHeadChannels is null)
        {
            yield return new ConfigProblem(nameof(NumHeads), "give either num_heads or num_head_channels");
        }
        else if (AttentionChannels.FirstOrDefault(c => !CanSplit(c)) is var channels and > 0)
        {
            yield return new ConfigProblem(
                NumHeads is null ? nameof(NumHeadChannels) : nameof(NumHeads),
                $"{channels} channels cannot be split so"
            );
        }
    }

    // The middle of the UNet always attends.
    private IEnumerable<int> AttentionChannels =>
        ChannelMult
            .Where((_, level) => level == ChannelMult.Count - 1 || AttentionResolutions.Contains(1 << level))
            .Select(factor => factor * ModelChannels);

    private bool CanSplit(int channels) => HeadsFor(channels) is var heads and > 0 && channels % heads == 0;
}
