using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// All that a sampler knows of a model: the noise in noisy latents. Parametrisation, conditions and guidance are the
/// business of what lies behind it.
/// </summary>
public interface INoisePredictor
{
    /// <summary>Predicts the noise in x_t.</summary>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <returns>[B, C, H, W].</returns>
    Tensor PredictNoise(Tensor noisy, Tensor timesteps);
}

/// <summary>A model whose prediction depends on a condition.</summary>
public interface IConditionalNoisePredictor
{
    /// <summary>Predicts the noise in x_t given a condition of the same batch size.</summary>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="condition">The condition.</param>
    /// <returns>[B, C, H, W].</returns>
    Tensor PredictNoise(Tensor noisy, Tensor timesteps, Condition condition);
}
