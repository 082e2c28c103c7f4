namespace LatentDiffusion.Pipelines;

/// <summary>How near a reconstruction comes to its input.</summary>
/// <param name="Psnr">Peak signal-to-noise ratio in dB; infinite when both are equal.</param>
/// <param name="Ssim">Structural similarity, at most 1; null when the images are smaller than its window.</param>
/// <param name="AbsoluteError">Mean absolute difference of 8-bit values.</param>
/// <param name="Lpips">Perceptual distance with learned weights, or null.</param>
/// <param name="Psim">Perceptual distance without, or null.</param>
public sealed record ReconstructionScore(
    double Psnr,
    double? Ssim,
    double AbsoluteError,
    double? Lpips,
    double? Psim
);

/// <summary>A pair and its score.</summary>
/// <param name="Pair">The images.</param>
/// <param name="Score">The comparison.</param>
public sealed record ScoredReconstruction(ReconstructionPair Pair, ReconstructionScore Score);

/// <summary>A first stage's quality over a set of images (LDM table 8).</summary>
/// <param name="Count">How many images.</param>
/// <param name="Psnr">Mean and deviation over the images, in dB.</param>
/// <param name="Ssim">Mean and deviation, or null when an image was smaller than the window.</param>
/// <param name="AbsoluteError">Mean and deviation, of 8-bit values.</param>
/// <param name="Lpips">Mean and deviation, or null.</param>
/// <param name="Psim">Mean and deviation, or null.</param>
/// <param name="Rfid">
/// Frechet distance between inputs and reconstructions, or null when there is no network or only one image. It can be
/// compared with numbers of the same network and as many images only, never with published ones.
/// </param>
/// <param name="Features">The name of the network behind <paramref name="Lpips"/> and what follows, or null.</param>
public sealed record ReconstructionSummary(
    int Count,
    MeanAndDeviation Psnr,
    MeanAndDeviation? Ssim,
    MeanAndDeviation AbsoluteError,
    MeanAndDeviation? Lpips,
    MeanAndDeviation? Psim,
    double? Rfid,
    string? Features
);

/// <summary>Mean and standard deviation of a number over images.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation of these images (divided by their count).</param>
public sealed record MeanAndDeviation(double Mean, double Deviation)
{
    /// <summary>Of at least one number.</summary>
    internal static MeanAndDeviation Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return new MeanAndDeviation(mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }

    /// <summary>Null when one of the numbers is missing.</summary>
    internal static MeanAndDeviation? Of(IReadOnlyCollection<double?> values) =>
        values.All(v => v.HasValue) ? Of([.. values.Select(v => v!.Value)]) : null;
}
