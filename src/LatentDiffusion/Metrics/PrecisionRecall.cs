using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// Precision and recall of samples (Kynkaanniemi et al. 2019), which tell apart what a Frechet distance mixes: how many
/// samples look real, and how much of what is real is sampled. A set's manifold is the union of balls around its vectors that
/// reach to the k-th nearest neighbour.
/// </summary>
/// <param name="Precision">The share of samples within the real images' manifold, 0 to 1.</param>
/// <param name="Recall">The share of real images within the samples' manifold, 0 to 1.</param>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>The usual k.</summary>
    public const int UsualNeighbours = 3;

    /// <summary>Compares two sets, in float64.</summary>
    /// <param name="real">[N, D]; borrowed.</param>
    /// <param name="samples">[M, D]; borrowed.</param>
    /// <param name="neighbours">k, at least 1.</param>
    /// <returns>Null where a set has no more than k vectors.</returns>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    public static PrecisionRecall? Between(Tensor real, Tensor samples, int neighbours = UsualNeighbours)
    {
        FeatureManifold.Check(real, samples, neighbours);
        if (Math.Min(real.shape[0], samples.shape[0]) <= neighbours)
        {
            return null;
        }

        return Between(new FeatureManifold(real, neighbours), new FeatureManifold(samples, neighbours), neighbours);
    }

    /// <summary>The same of manifolds that know at least so many neighbours.</summary>
    internal static PrecisionRecall Between(FeatureManifold real, FeatureManifold samples, int neighbours) =>
        new(real.CountIn(samples, neighbours).ShareCovered, samples.CountIn(real, neighbours).ShareCovered);
}
