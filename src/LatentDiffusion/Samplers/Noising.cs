using LatentDiffusion.Diffusion;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>The forward process between levels.</summary>
public static class Noising
{
    /// <summary>Brings clean latents to a level: the stochastic encoding that image-to-image starts from.</summary>
    /// <param name="clean">x_0, [B, C, H, W].</param>
    /// <param name="level">The level.</param>
    /// <param name="noise">Standard normal noise of the same shape.</param>
    /// <returns>[B, C, H, W].</returns>
    public static Tensor AddNoise(Tensor clean, NoiseLevel level, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(clean);
        ArgumentNullException.ThrowIfNull(noise);
        return StepAlgebra.Mix(level.Signal, clean, level.Noise, noise);
    }
}
