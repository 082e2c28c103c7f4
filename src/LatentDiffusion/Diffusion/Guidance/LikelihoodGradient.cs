using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>Gradients of log-likelihoods. Networks on the way keep their own gradients as they were.</summary>
internal static class LikelihoodGradient
{
    /// <summary>The gradient of a function's sum over the batch, that is of every sample's own value.</summary>
    /// <param name="point">Where, [B, ...].</param>
    /// <param name="logLikelihood">From [B, ...] to [B], of each sample by itself.</param>
    /// <returns>Of the shape of <paramref name="point"/>, without a graph.</returns>
    public static Tensor At(Tensor point, Func<Tensor, Tensor> logLikelihood)
    {
        using var scope = NewDisposeScope();
        using var enabled = enable_grad();
        var leaf = point.detach().requires_grad_();
        logLikelihood(leaf).sum().backward(inputs: [leaf]);
        return leaf.grad!.MoveToOuterDisposeScope();
    }
}
