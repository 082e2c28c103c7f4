using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>Which blocks a UNet has: all that its tensors' names depend on.</summary>
/// <param name="ResBlocks">Residual blocks per level on the way down.</param>
/// <param name="Attention">For each level whether it has attention.</param>
/// <param name="IsTransformer">Whether attention is a spatial transformer's.</param>
/// <param name="Depth">Transformer blocks of each.</param>
/// <param name="IsUpdown">Whether resampling is done by residual blocks.</param>
internal sealed record UnetLayout(
    int ResBlocks,
    IReadOnlyList<bool> Attention,
    bool IsTransformer,
    int Depth,
    bool IsUpdown
)
{
    public int Levels => Attention.Count;

    /// <summary>The heads of an attention block at a level; the middle is at the last level.</summary>
    public Func<int, int> Heads { get; init; } = _ => 1;

    public static UnetLayout Of(UnetConfig config) =>
        new(
            config.NumResBlocks,
            [.. config.ChannelMult.Select((_, level) => config.AttentionResolutions.Contains(1 << level))],
            config.UseSpatialTransformer,
            config.TransformerDepth,
            config.ResblockUpdown
        )
        {
            // The newer order of query, key and value is that of one head.
            Heads = level =>
                config.UseNewAttentionOrder ? 1 : config.HeadsFor(config.ChannelMult[level] * config.ModelChannels),
        };

    /// <summary>The layout of a UNet of diffusers by its names; null where they are of something else.</summary>
    public static UnetLayout? Of(TensorShapes theirs)
    {
        var levels = theirs.Count("down_blocks");
        return levels is 0 or > 30
            ? null
            : new UnetLayout(
                theirs.Count("down_blocks.0.resnets"),
                [
                    .. Enumerable
                        .Range(0, levels)
                        .Select(b => theirs.HasGroup(FormattableString.Invariant($"down_blocks.{b}.attentions.0"))),
                ],
                theirs.HasGroup("mid_block.attentions.0.transformer_blocks"),
                Math.Max(1, theirs.Count("mid_block.attentions.0.transformer_blocks")),
                theirs.HasGroup("down_blocks.0.downsamplers.0.norm1")
            );
    }
}
