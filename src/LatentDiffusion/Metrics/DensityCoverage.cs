using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// Density and coverage of samples (Naeem et al. 2020): as <see cref="PrecisionRecall"/>, but by the real images' balls alone,
/// so that a stray real image with a large ball does not make samples look real.
/// </summary>
/// <param name="Density">
/// In how many real images' balls a sample lies on average, as a share of k: about 1 for samples that are like the real
/// images, more where they crowd.
/// </param>
/// <param name="Coverage">The share of real images in whose ball a sample lies, 0 to 1.</param>
public sealed record DensityCoverage(double Density, double Coverage)
{
    /// <summary>The usual k.</summary>
    public const int UsualNeighbours = 5;

    /// <summary>Compares two sets, in float64.</summary>
    /// <param name="real">[N, D]; borrowed.</param>
    /// <param name="samples">[M, D]; borrowed.</param>
    /// <param name="neighbours">k, at least 1.</param>
    /// <returns>Null where a set has no more than k vectors.</returns>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    public static DensityCoverage? Between(Tensor real, Tensor samples, int neighbours = UsualNeighbours)
    {
        FeatureManifold.Check(real, samples, neighbours);
        if (Math.Min(real.shape[0], samples.shape[0]) <= neighbours)
        {
            return null;
        }

        // The samples' own balls are not looked at.
        return Between(new FeatureManifold(real, neighbours), new FeatureManifold(samples, 1), neighbours);
    }

    /// <summary>The same of manifolds, of which that of the real images knows at least so many neighbours.</summary>
    internal static DensityCoverage Between(FeatureManifold real, FeatureManifold samples, int neighbours)
    {
        var counts = real.CountIn(samples, neighbours);
        return new DensityCoverage(
            counts.Balls.Sum(balls => (long)balls) / ((double)neighbours * samples.Count),
            counts.ShareReached
        );
    }
}
