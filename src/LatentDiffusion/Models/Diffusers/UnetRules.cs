using static System.FormattableString;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The names of a UNet's tensors in CompVis' checkpoints and in diffusers' files.</summary>
internal static class UnetRules
{
    private static readonly (string, string)[] Residual =
    [
        ("in_layers.0", "norm1"),
        ("in_layers.2", "conv1"),
        ("emb_layers.1", "time_emb_proj"),
        ("out_layers.0", "norm2"),
        ("out_layers.3", "conv2"),
        ("skip_connection", "conv_shortcut"),
    ];

    /// <summary>Rules for all tensors that such a UNet may have.</summary>
    public static IReadOnlyList<TensorRule> Of(UnetLayout layout)
    {
        var rules = new RuleList(ModelTensors.UnetPrefix);
        rules.Module("time_embed.0", "time_embedding.linear_1");
        rules.Module("time_embed.2", "time_embedding.linear_2");
        rules.Tensor("label_emb.weight", "class_embedding.weight");
        rules.Module("input_blocks.0.0", "conv_in");
        rules.Module("out.0", "conv_norm_out");
        rules.Module("out.2", "conv_out");
        rules.Module("id_predictor.0", "id_predictor.0");
        rules.Module("id_predictor.1", "id_predictor.1");
        var perLevel = layout.ResBlocks + 1;
        for (var i = 1; i < layout.Levels * perLevel; i++)
        {
            Down(rules, layout, i, (i - 1) / perLevel, (i - 1) % perLevel);
        }

        rules.Modules("middle_block.0", "mid_block.resnets.0", Residual);
        Attention(rules, layout, "middle_block.1", "mid_block.attentions.0", layout.Levels - 1);
        rules.Modules("middle_block.2", "mid_block.resnets.1", Residual);
        for (var i = 0; i < layout.Levels * perLevel; i++)
        {
            Up(rules, layout, i, i / perLevel, i % perLevel);
        }

        return rules.Rules;
    }

    private static void Down(RuleList rules, UnetLayout layout, int i, int block, int index)
    {
        if (index < layout.ResBlocks)
        {
            rules.Modules(
                Invariant($"input_blocks.{i}.0"),
                Invariant($"down_blocks.{block}.resnets.{index}"),
                Residual
            );
            if (layout.Attention[block])
            {
                var theirs = Invariant($"down_blocks.{block}.attentions.{index}");
                Attention(rules, layout, Invariant($"input_blocks.{i}.1"), theirs, block);
            }
        }
        else if (layout.IsUpdown)
        {
            rules.Modules(Invariant($"input_blocks.{i}.0"), Invariant($"down_blocks.{block}.downsamplers.0"), Residual);
        }
        else
        {
            rules.Module(Invariant($"input_blocks.{i}.0.op"), Invariant($"down_blocks.{block}.downsamplers.0.conv"));
        }
    }

    private static void Up(RuleList rules, UnetLayout layout, int i, int block, int index)
    {
        var level = layout.Levels - 1 - block;
        rules.Modules(Invariant($"output_blocks.{i}.0"), Invariant($"up_blocks.{block}.resnets.{index}"), Residual);
        if (layout.Attention[level])
        {
            var theirs = Invariant($"up_blocks.{block}.attentions.{index}");
            Attention(rules, layout, Invariant($"output_blocks.{i}.1"), theirs, level);
        }

        if (index < layout.ResBlocks || level == 0)
        {
            return;
        }

        var resampler = Invariant($"output_blocks.{i}.{(layout.Attention[level] ? 2 : 1)}");
        if (layout.IsUpdown)
        {
            rules.Modules(resampler, Invariant($"up_blocks.{block}.upsamplers.0"), Residual);
        }
        else
        {
            rules.Module($"{resampler}.conv", Invariant($"up_blocks.{block}.upsamplers.0.conv"));
        }
    }

    private static void Attention(RuleList rules, UnetLayout layout, string ours, string theirs, int level)
    {
        if (!layout.IsTransformer)
        {
            rules.JoinedAttention(ours, theirs, layout.Heads(level));
            return;
        }

        rules.Module($"{ours}.norm", $"{theirs}.norm");
        rules.Module($"{ours}.proj_in", $"{theirs}.proj_in", ourAxes: 4);
        rules.Module($"{ours}.proj_out", $"{theirs}.proj_out", ourAxes: 4);
        for (var depth = 0; depth < layout.Depth; depth++)
        {
            var block = Invariant($".transformer_blocks.{depth}.");
            foreach (var attention in new[] { "attn1", "attn2" })
            {
                foreach (var part in new[] { "to_q", "to_k", "to_v" })
                {
                    rules.Tensor(
                        $"{ours}{block}{attention}.{part}.weight",
                        $"{theirs}{block}{attention}.{part}.weight"
                    );
                }

                rules.Module($"{ours}{block}{attention}.to_out.0", $"{theirs}{block}{attention}.to_out.0");
            }

            foreach (var name in new[] { "ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3" })
            {
                rules.Module($"{ours}{block}{name}", $"{theirs}{block}{name}");
            }
        }
    }
}
