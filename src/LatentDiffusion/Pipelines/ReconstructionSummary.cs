namespace LatentDiffusion.Pipelines;

/// <summary>A first stage's quality over a set of images (LDM table 8).</summary>
/// <param name="Count">How many images.</param>
/// <param name="Psnr">Over the images, in dB.</param>
/// <param name="Ssim">Over the images, or null when one was smaller than the window.</param>
/// <param name="AbsoluteError">Over the images, of 8-bit values.</param>
/// <param name="Lpips">Over the images, or null.</param>
/// <param name="Psim">Over the images, or null.</param>
/// <param name="Rfid">
/// Frechet distance between inputs and reconstructions, or null when there is no network or only one image. It can be
/// compared with numbers of the same network and as many images only, never with published ones.
/// </param>
/// <param name="Features">The network behind the last three numbers, or null.</param>
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
