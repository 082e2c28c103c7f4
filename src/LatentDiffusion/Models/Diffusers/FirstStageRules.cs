using static System.FormattableString;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The names of a first stage's tensors in CompVis' checkpoints and in diffusers' files.</summary>
internal static class FirstStageRules
{
    private static readonly (string, string)[] Residual =
    [
        ("norm1", "norm1"),
        ("conv1", "conv1"),
        ("norm2", "norm2"),
        ("conv2", "conv2"),
        ("nin_shortcut", "conv_shortcut"),
    ];

    /// <summary>Rules for all tensors that such a first stage may have.</summary>
    /// <param name="levels">Levels of resolution.</param>
    /// <param name="resBlocks">Residual blocks per level of the encoder.</param>
    /// <param name="prefix">What our names begin with.</param>
    public static IReadOnlyList<TensorRule> Of(int levels, int resBlocks, string prefix)
    {
        var rules = new RuleList(prefix);
        foreach (var side in new[] { "encoder", "decoder" })
        {
            rules.Module($"{side}.conv_in", $"{side}.conv_in");
            rules.Module($"{side}.norm_out", $"{side}.conv_norm_out");
            rules.Module($"{side}.conv_out", $"{side}.conv_out");
            rules.Modules($"{side}.mid.block_1", $"{side}.mid_block.resnets.0", Residual);
            Attention(rules, $"{side}.mid.attn_1", $"{side}.mid_block.attentions.0");
            rules.Modules($"{side}.mid.block_2", $"{side}.mid_block.resnets.1", Residual);
        }

        for (var level = 0; level < levels; level++)
        {
            Level(rules, Invariant($"encoder.down.{level}"), Invariant($"encoder.down_blocks.{level}"), resBlocks);
            rules.Module(
                Invariant($"encoder.down.{level}.downsample.conv"),
                Invariant($"encoder.down_blocks.{level}.downsamplers.0.conv")
            );
            var (ours, theirs) = (
                Invariant($"decoder.up.{levels - 1 - level}"),
                Invariant($"decoder.up_blocks.{level}")
            );
            Level(rules, ours, theirs, resBlocks + 1);
            rules.Module($"{ours}.upsample.conv", $"{theirs}.upsamplers.0.conv");
        }

        rules.Module("quant_conv", "quant_conv");
        rules.Module("post_quant_conv", "post_quant_conv");
        rules.Tensor("quantize.embedding.weight", "quantize.embedding.weight");
        return rules.Rules;
    }

    private static void Level(RuleList rules, string ours, string theirs, int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            rules.Modules(Invariant($"{ours}.block.{i}"), Invariant($"{theirs}.resnets.{i}"), Residual);
            Attention(rules, Invariant($"{ours}.attn.{i}"), Invariant($"{theirs}.attentions.{i}"));
        }
    }

    private static void Attention(RuleList rules, string ours, string theirs)
    {
        rules.Module($"{ours}.norm", $"{theirs}.group_norm");
        foreach (var (our, their) in new[] { ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0") })
        {
            rules.Module($"{ours}.{our}", $"{theirs}.{their}", ourAxes: 4, theirAxes: 2);
        }

        // Linear attention, which diffusers does not have.
        rules.Module($"{ours}.to_qkv", $"{theirs}.to_qkv");
        rules.Module($"{ours}.to_out", $"{theirs}.to_out");
    }
}
