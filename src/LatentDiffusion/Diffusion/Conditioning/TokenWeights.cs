using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Prompt weights as web interfaces of Stable Diffusion apply them: every context token is multiplied by its weight, then
/// the whole context so that its mean is what it was.
/// </summary>
internal static class TokenWeights
{
    // Of the mean absolute value. Behind a layer norm the mean may be nothing but rounding, and then cannot be restored.
    private const float LeastMean = 1e-4f;

    /// <summary>Weights contexts.</summary>
    /// <param name="tokens">[B, S, D].</param>
    /// <param name="weights">For each context S weights.</param>
    /// <returns>[B, S, D]; contexts whose weights are all 1 are unchanged.</returns>
    public static Tensor Apply(Tensor tokens, IReadOnlyList<IReadOnlyList<double>> weights)
    {
        using var scope = NewDisposeScope();
        var results = tokens.unbind().Zip(weights, ApplyToOne).ToArray();
        return stack(results).MoveToOuterDisposeScope();
    }

    private static Tensor ApplyToOne(Tensor tokens, IReadOnlyList<double> weights)
    {
        if (weights.All(weight => weight == 1))
        {
            return tokens;
        }

        var factors = tensor(weights.Select(weight => (float)weight).ToArray(), [weights.Count, 1]);
        var weighted = tokens.mul(factors);
        var (before, after) = (tokens.mean().item<float>(), weighted.mean().item<float>());
        var least = LeastMean * tokens.abs().mean().item<float>();
        return Math.Abs(before) > least && Math.Abs(after) > least && before > 0 == after > 0
            ? weighted.mul(Scalars.Of((double)before / after))
            : weighted;
    }
}
