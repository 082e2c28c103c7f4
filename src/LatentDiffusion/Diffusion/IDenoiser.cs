using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// All that a sampler knows of a model: what noisy latents consist of. Parametrisation, conditions, guidance, patches are
/// the business of what lies behind it, mostly denoisers around denoisers.
/// </summary>
public interface IDenoiser
{
    /// <summary>Predicts x_0 and the noise in x_t.</summary>
    /// <param name="noisy">x_t, [B, C, H, W]; borrowed, and it must stay alive as long as the prediction is used.</param>
    /// <param name="level">Where x_t lies, for the whole batch.</param>
    /// <returns>Belongs to the caller's dispose scope.</returns>
    Prediction Denoise(Tensor noisy, NoiseLevel level);
}

/// <summary>A model whose prediction depends on a condition.</summary>
public interface IConditionalDenoiser
{
    /// <summary>Predicts x_0 and the noise in x_t given a condition of the same batch size.</summary>
    /// <param name="noisy">x_t, [B, C, H, W]; borrowed, and it must stay alive as long as the prediction is used.</param>
    /// <param name="level">Where x_t lies, for the whole batch.</param>
    /// <param name="condition">The condition.</param>
    /// <returns>Belongs to the caller's dispose scope.</returns>
    Prediction Denoise(Tensor noisy, NoiseLevel level, Condition condition);
}
