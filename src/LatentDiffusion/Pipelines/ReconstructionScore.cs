namespace LatentDiffusion.Pipelines;

/// <summary>How near a reconstruction comes to its input.</summary>
/// <param name="Psnr">Peak signal-to-noise ratio in dB; infinite when both are equal.</param>
/// <param name="Ssim">Structural similarity, at most 1; null when the images are smaller than its window.</param>
/// <param name="AbsoluteError">Mean absolute difference of 8-bit values.</param>
/// <param name="Lpips">Perceptual distance with learned weights, or null.</param>
/// <param name="Psim">Perceptual distance without, or null.</param>
public sealed record ReconstructionScore(double Psnr, double? Ssim, double AbsoluteError, double? Lpips, double? Psim);

/// <summary>A pair and its score.</summary>
/// <param name="Pair">The images.</param>
/// <param name="Score">The comparison.</param>
public sealed record ScoredReconstruction(ReconstructionPair Pair, ReconstructionScore Score);
