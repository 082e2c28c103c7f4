using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>Changes predicted noise before x_0 is made of it (the reference's <c>score_corrector.modify_score</c>).</summary>
/// <param name="noise">The predicted noise, guidance included, [B, C, H, W].</param>
/// <param name="noisy">x_t, [B, C, H, W].</param>
/// <param name="level">Where x_t lies.</param>
/// <returns>[B, C, H, W], in the caller's scope.</returns>
public delegate Tensor ScoreCorrector(Tensor noise, Tensor noisy, NoiseLevel level);

/// <summary>A denoiser whose noise passes a corrector.</summary>
/// <param name="inner">The denoiser.</param>
/// <param name="corrector">The correction.</param>
public sealed class ScoreCorrection(IDenoiser inner, ScoreCorrector corrector) : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level)
    {
        var prediction = inner.Denoise(noisy, level);
        return prediction.WithNoise(corrector(prediction.Noise, noisy, level));
    }
}
