namespace LatentDiffusion.Pipelines;

/// <summary>A first stage's quality over a set of images (LDM table 8).</summary>
/// <param name="Count">How many images.</param>
/// <param name="Psnr">Over the images, in dB.</param>
/// <param name="Ssim">Over the images, or null when one was smaller than the window.</param>
/// <param name="AbsoluteError">Over the images, of 8-bit values.</param>
/// <param name="Lpips">Over the images; null without learned weights, or when an image was too small.</param>
/// <param name="Psim">Over the images; null when an image was too small.</param>
/// <param name="Rfid">
/// Frechet distance between inputs and reconstructions; null when there is no network or only one image, or when an
/// image was too small. It can be compared with numbers of the same network, size and count only.
/// </param>
/// <param name="Features">The network of the Frechet distance, or null.</param>
public sealed record ReconstructionSummary(
    int Count,
    MeanAndDeviation Psnr,
    MeanAndDeviation? Ssim,
    MeanAndDeviation AbsoluteError,
    MeanAndDeviation? Lpips,
    MeanAndDeviation? Psim,
    double? Rfid,
    string? Features
)
{
    /// <summary>The network of <see cref="Lpips"/> and <see cref="Psim"/>; null where neither was measured.</summary>
    public string? LpipsFeatures { get; init; }

    /// <summary>Width and height of the images; null where they differ.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>What was left out because images were too small, and why: a sentence each.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}
