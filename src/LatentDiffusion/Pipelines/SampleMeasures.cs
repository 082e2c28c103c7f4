using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>How near a set of samples is to a set of real images, as a feature network sees them.</summary>
/// <param name="Frechet">The Frechet distance (FID).</param>
/// <param name="Kernel">The kernel distance (KID) with its errors.</param>
/// <param name="Manifolds">Precision and recall; null with too few images.</param>
/// <param name="Density">Density and coverage; null with too few images.</param>
public sealed record SampleMeasures(
    double Frechet,
    KernelEstimate Kernel,
    PrecisionRecall? Manifolds,
    DensityCoverage? Density
)
{
    /// <summary>
    /// The most images of a set by which precision, recall, density and coverage are measured, as in the literature:
    /// their values depend on it.
    /// </summary>
    public const int MostInManifolds = 10_000;

    /// <summary>Of how many real images, evenly spaced, precision, recall, density and coverage are.</summary>
    public int RealInManifolds { get; init; }

    /// <summary>Of how many samples, evenly spaced, precision, recall, density and coverage are.</summary>
    public int SamplesInManifolds { get; init; }

    /// <summary>The Frechet distance of spatial features (sFID); null where the network has none.</summary>
    public double? SpatialFrechet { get; init; }

    /// <summary>The samples' inception score, mean and deviation over parts; null where the network knows no classes.</summary>
    public MeanAndDeviation? InceptionScore { get; init; }

    /// <summary>Compares two sets.</summary>
    /// <param name="real">Real images.</param>
    /// <param name="samples">Samples, seen by the same network.</param>
    /// <param name="seed">Seed of the kernel distance's subsets and of the inception score's parts.</param>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static SampleMeasures Between(ImageFeatures real, ImageFeatures samples, long seed) =>
        Between(real, samples, seed, MostInManifolds);

    /// <summary>The same with another <see cref="MostInManifolds"/>.</summary>
    internal static SampleMeasures Between(ImageFeatures real, ImageFeatures samples, long seed, int mostInManifolds)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(samples);
        using var scope = NewDisposeScope();
        var frechet = FrechetDistance.Between(real.ToMoments(), samples.ToMoments());
        var kernel = EstimateKernel(real, samples, seed);
        var (realCount, sampleCount) = (
            Math.Min(real.KeptCount, mostInManifolds),
            Math.Min(samples.KeptCount, mostInManifolds)
        );
        var (precisionRecall, densityCoverage) = Cover(real.ToSingles(realCount), samples.ToSingles(sampleCount));
        return new SampleMeasures(frechet, kernel, precisionRecall, densityCoverage)
        {
            RealInManifolds = realCount,
            SamplesInManifolds = sampleCount,
            SpatialFrechet =
                real.ToSpatialMoments() is { } spatial && samples.ToSpatialMoments() is { } others
                    ? FrechetDistance.Between(spatial, others)
                    : null,
            InceptionScore = samples.ToLogits() is { } logits
                ? MeanAndDeviation.Of(Metrics.InceptionScore.OfSplits(logits, seed))
                : null,
        };
    }

    // All kept vectors side by side are by far the largest thing here: gone before the next measure begins.
    private static KernelEstimate EstimateKernel(ImageFeatures real, ImageFeatures samples, long seed)
    {
        using var scope = NewDisposeScope();
        return KernelDistance.Estimate(real.ToSingles(), samples.ToSingles(), seed);
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
