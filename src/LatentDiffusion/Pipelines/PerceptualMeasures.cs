using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>What compares images as trained networks see them.</summary>
/// <param name="Network">Makes the vectors of the Frechet distance; not disposed.</param>
/// <param name="Lpips">
/// Perceptual distance with learned weights: two batches [B, 3, H, W] in [-1, 1] to B numbers; null to leave it out.
/// </param>
/// <param name="Psim">The same without weights; null to leave it out.</param>
public sealed record PerceptualMeasures(
    IFeatureNetwork Network,
    Func<Tensor, Tensor, Tensor>? Lpips,
    Func<Tensor, Tensor, Tensor>? Psim
)
{
    /// <summary>The network of <see cref="Lpips"/> and <see cref="Psim"/>; not disposed.</summary>
    public IFeatureNetwork Compared { get; init; } = Network;
}
