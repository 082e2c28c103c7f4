using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;

namespace LatentDiffusion.Pipelines;

/// <summary>How near a set of samples is to a set of real images, as a feature network sees them.</summary>
/// <param name="Frechet">The Frechet distance (FID).</param>
/// <param name="Kernel">The kernel distance (KID), mean and deviation over subsets.</param>
/// <param name="Manifolds">Precision and recall; null with too few images.</param>
/// <param name="Density">Density and coverage; null with too few images.</param>
public sealed record SampleMeasures(
    double Frechet,
    MeanAndDeviation Kernel,
    PrecisionRecall? Manifolds,
    DensityCoverage? Density
)
{
    /// <summary>Compares two sets.</summary>
    /// <param name="real">Real images.</param>
    /// <param name="samples">Samples, seen by the same network.</param>
    /// <param name="seed">Seed of the kernel distance's subsets.</param>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static SampleMeasures Between(ImageFeatures real, ImageFeatures samples, long seed)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(samples);
        using var first = real.ToTensor();
        using var second = samples.ToTensor();
        return new SampleMeasures(
            FrechetDistance.Between(real.ToMoments(), samples.ToMoments()),
            MeanAndDeviation.Of(KernelDistance.OfSubsets(first, second, seed)),
            PrecisionRecall.Between(first, second),
            DensityCoverage.Between(first, second)
        );
    }
}
