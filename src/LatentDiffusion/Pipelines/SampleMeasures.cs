using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;
using static TorchSharp.torch;

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
    /// <summary>The Frechet distance of spatial features (sFID); null where the network has none.</summary>
    public double? SpatialFrechet { get; init; }

    /// <summary>The samples' inception score, mean and deviation over parts; null where the network knows no classes.</summary>
    public MeanAndDeviation? InceptionScore { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="real">Real images.</param>
    /// <param name="samples">Samples, seen by the same network.</param>
    /// <param name="seed">Seed of the kernel distance's subsets and of the inception score's parts.</param>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static SampleMeasures Between(ImageFeatures real, ImageFeatures samples, long seed)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(samples);
        using var scope = NewDisposeScope();
        var (first, second) = (real.ToTensor(), samples.ToTensor());
        var (precisionRecall, densityCoverage) = Cover(first, second);
        return new SampleMeasures(
            FrechetDistance.Between(real.ToMoments(), samples.ToMoments()),
            MeanAndDeviation.Of(KernelDistance.OfSubsets(first, second, seed)),
            precisionRecall,
            densityCoverage
        )
        {
            SpatialFrechet =
                real.ToSpatialMoments() is { } spatial && samples.ToSpatialMoments() is { } others
                    ? FrechetDistance.Between(spatial, others)
                    : null,
            InceptionScore = samples.ToLogits() is { } logits
                ? MeanAndDeviation.Of(Metrics.InceptionScore.OfSplits(logits, seed))
                : null,
        };
    }

    // Both measures stand on the same neighbours.
    private static (PrecisionRecall?, DensityCoverage?) Cover(Tensor real, Tensor samples)
    {
        const int Fewer = PrecisionRecall.UsualNeighbours;
        const int More = DensityCoverage.UsualNeighbours;
        var fewest = Math.Min(real.shape[0], samples.shape[0]);
        if (fewest <= Fewer)
        {
            return (null, null);
        }

        var ofReal = new FeatureManifold(real, fewest > More ? More : Fewer);
        var ofSamples = new FeatureManifold(samples, Fewer);
        return (
            PrecisionRecall.Between(ofReal, ofSamples, Fewer),
            fewest > More ? DensityCoverage.Between(ofReal, ofSamples, More) : null
        );
    }
}
