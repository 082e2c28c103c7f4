using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>What compares images as a trained network sees them.</summary>
/// <param name="Network">Makes the vectors of the Frechet distance, and names all numbers; not disposed.</param>
/// <param name="Lpips">
/// Perceptual distance with the network's learned weights: two batches [B, 3, H, W] in [-1, 1] to B numbers; null to leave
/// it out.
/// </param>
/// <param name="Psim">The same without weights.</param>
public sealed record PerceptualMeasures(
    IFeatureNetwork Network,
    Func<Tensor, Tensor, Tensor>? Lpips,
    Func<Tensor, Tensor, Tensor>? Psim
);
