using System.Globalization;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Detection;

/// <summary>Finds a UNet's architecture from its tensors' names and shapes.</summary>
internal static class UnetDetection
{
    private const int MostBlocks = 1000;
    private const int UsualHeadChannels = 32;

    /// <summary>Detects a UNet.</summary>
    /// <param name="shapes">The tensors below <see cref="ModelTensors.UnetPrefix"/>.</param>
    /// <param name="assumptions">Receives what shapes do not tell.</param>
    /// <returns>The architecture; null where the tensors are not of such a UNet.</returns>
    public static UnetConfig? Detect(TensorShapes shapes, ICollection<string> assumptions)
    {
        if (
            shapes.Size("input_blocks.0.0.weight", 0) is not { } channels
            || shapes.Size("input_blocks.0.0.weight", 1) is not { } input
            || shapes.Size("out.2.weight", 0) is not { } output
            || Layout(shapes) is not { } layout
        )
        {
            return null;
        }

        var (levels, residual) = layout;
        var perLevel = residual + 1;
        var mults = new int[levels];
        List<int> attention = [];
        for (var level = 0; level < levels; level++)
        {
            var block = At("input_blocks", 1 + level * perLevel);
            if (shapes.Size($"{block}.0.in_layers.2.weight", 0) is not { } width || width % channels != 0)
            {
                return null;
            }

            mults[level] = width / channels;
            if (shapes.HasGroup($"{block}.1"))
            {
                attention.Add(1 << level);
            }
        }

        var first = $"{At("input_blocks", 1)}.0";
        var context = shapes.Size("middle_block.1.transformer_blocks.0.attn2.to_k.weight", 1);
        var config = new UnetConfig
        {
            InChannels = input,
            OutChannels = output,
            ModelChannels = channels,
            ChannelMult = mults,
            NumResBlocks = residual,
            AttentionResolutions = attention,
            ConvResample = levels == 1 || HasConvolutions(shapes, perLevel) || IsUpdown(shapes, residual),
            ResblockUpdown = levels > 1 && IsUpdown(shapes, residual),
            UseScaleShiftNorm = shapes.Size($"{first}.emb_layers.1.weight", 0) == 2 * mults[0] * channels,
            UseSpatialTransformer = context is not null,
            ContextDim = context,
            TransformerDepth = Math.Max(1, shapes.Count("middle_block.1.transformer_blocks")),
            NumClasses = shapes.Size("label_emb.weight", 0),
            NEmbed = shapes.Size("id_predictor.1.weight", 0),
        };
        return WithHeads(config, assumptions);
    }

    /// <summary>Heads are nowhere in the shapes: as the published model of these shapes has them, or as is usual.</summary>
    private static UnetConfig WithHeads(UnetConfig config, ICollection<string> assumptions)
    {
        var published = PublishedModels
            .Models.Values.Select(m => m.Unet)
            .Append(PublishedModels.StableDiffusion)
            .Append(PublishedModels.SmallInpainting)
            .FirstOrDefault(known => HasShapesOf(config, known));
        if (published is not null)
        {
            return config with { NumHeads = published.NumHeads, NumHeadChannels = published.NumHeadChannels };
        }

        var widths = config.ChannelMult.Select(m => m * config.ModelChannels);
        var heads = widths.All(width => width % UsualHeadChannels == 0);
        assumptions.Add(
            "the number of attention heads is not in the file: assumed "
                + (heads ? $"{UsualHeadChannels} channels per head" : "one head")
                + ", give a configuration if it is another"
        );
        return heads ? config with { NumHeadChannels = UsualHeadChannels } : config with { NumHeads = 1 };
    }

    // In- and output channels may differ, as in inpainting variants of a model.
    private static bool HasShapesOf(UnetConfig config, UnetConfig known) =>
        known.ModelChannels == config.ModelChannels
        && known.ChannelMult.SequenceEqual(config.ChannelMult)
        && known.NumResBlocks == config.NumResBlocks
        && known.ContextDim == config.ContextDim
        && known.TransformerDepth == config.TransformerDepth
        && known.UseScaleShiftNorm == config.UseScaleShiftNorm
        && known.ResblockUpdown == config.ResblockUpdown
        && known
            .AttentionResolutions.Where(factor => factor < 1 << config.ChannelMult.Count)
            .Order()
            .SequenceEqual(config.AttentionResolutions.Order());

    // The first upsampling ends a level on the way up; where it has no weights, downsampling leaves a gap on the way down.
    private static (int Levels, int ResidualBlocks)? Layout(TensorShapes shapes)
    {
        var blocks = shapes.Count("output_blocks");
        if (blocks is 0 or > MostBlocks)
        {
            return null;
        }

        var perLevel = Enumerable
            .Range(0, blocks)
            .Where(i => HasUpsampling(shapes, i) || i > 0 && !shapes.HasGroup(At("input_blocks", i)))
            .Select(i => shapes.HasGroup(At("input_blocks", i)) ? i + 1 : i)
            .FirstOrDefault(blocks);
        return perLevel >= 2 && blocks % perLevel == 0 ? (blocks / perLevel, perLevel - 1) : null;
    }

    private static bool HasUpsampling(TensorShapes shapes, int block) =>
        shapes.HasGroup($"{At("output_blocks", block)}.1.conv")
        || shapes.HasGroup($"{At("output_blocks", block)}.2.conv")
        || HasUpResidual(shapes, block);

    private static bool HasUpResidual(TensorShapes shapes, int block) =>
        shapes.HasGroup($"{At("output_blocks", block)}.1.in_layers")
        || shapes.HasGroup($"{At("output_blocks", block)}.2.in_layers");

    private static bool IsUpdown(TensorShapes shapes, int residual) => HasUpResidual(shapes, residual);

    private static bool HasConvolutions(TensorShapes shapes, int perLevel) =>
        shapes.HasGroup($"{At("input_blocks", perLevel)}.0.op");

    private static string At(string blocks, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{blocks}.{index}");
}
