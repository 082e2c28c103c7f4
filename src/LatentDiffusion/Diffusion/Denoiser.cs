using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>A UNet read as a denoiser, whatever it was trained to predict.</summary>
/// <param name="network">The network; it takes real timesteps, so levels may lie between those of its training.</param>
/// <param name="parameterization">What the network predicts.</param>
public sealed class Denoiser(Unet network, Parameterization parameterization) : IConditionalDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level, Condition condition)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(condition);
        using var timesteps = full([noisy.shape[0]], Scalars.Of(level.Timestep), dtype: float32, device: noisy.device);
        return new Prediction(parameterization, noisy, level, condition.Predict(network, noisy, timesteps));
    }
}
