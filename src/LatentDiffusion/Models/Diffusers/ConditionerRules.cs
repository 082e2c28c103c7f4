using static System.FormattableString;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The names of conditioners' tensors in CompVis' checkpoints and in diffusers' files.</summary>
internal static class ConditionerRules
{
    /// <summary>The transformer of tokens, LDMBertModel in diffusers.</summary>
    public static IReadOnlyList<TensorRule> Tokens(int depth)
    {
        var rules = new RuleList(ModelTensors.ConditionerPrefix + "transformer.");
        rules.Tensor("token_emb.weight", "model.embed_tokens.weight");
        rules.Tensor("pos_emb.emb.weight", "model.embed_positions.weight");
        for (var i = 0; i < depth; i++)
        {
            var theirs = Invariant($"model.layers.{i}");
            var (attention, forward) = (
                Invariant($"attn_layers.layers.{2 * i}"),
                Invariant($"attn_layers.layers.{2 * i + 1}")
            );
            rules.Module($"{attention}.0", $"{theirs}.self_attn_layer_norm");
            foreach (var part in new[] { "q", "k", "v" })
            {
                rules.Tensor($"{attention}.1.to_{part}.weight", $"{theirs}.self_attn.{part}_proj.weight");
            }

            rules.Module($"{attention}.1.to_out", $"{theirs}.self_attn.out_proj");
            rules.Module($"{forward}.0", $"{theirs}.final_layer_norm");
            rules.Module($"{forward}.1.net.0.0", $"{theirs}.fc1");
            rules.Module($"{forward}.1.net.2", $"{theirs}.fc2");
        }

        rules.Module("norm", "model.layer_norm");
        rules.Module("to_logits", "to_logits");
        return rules.Rules;
    }

    /// <summary>A network that has the same names in both.</summary>
    /// <param name="names">The names in diffusers' file.</param>
    /// <param name="prefix">What stands before them in CompVis' checkpoints.</param>
    public static IReadOnlyList<TensorRule> Same(IEnumerable<string> names, string prefix) =>
        [.. names.Select(name => new TensorRule(prefix + name, name))];
}
