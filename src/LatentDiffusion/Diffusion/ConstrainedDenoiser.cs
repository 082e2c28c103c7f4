using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// A denoiser whose x_0 is brought back to where clean latents can be. As in the reference the predicted noise stays as it
/// is.
/// </summary>
/// <param name="inner">The denoiser.</param>
/// <param name="constraint">From x_0 to what it should be, [B, C, H, W]; the result belongs to the caller's scope.</param>
public sealed class ConstrainedDenoiser(IDenoiser inner, Func<Tensor, Tensor> constraint) : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level) => inner.Denoise(noisy, level).WithConstraint(constraint);

    /// <summary>Clips x_0 (the reference's clip_denoised): for models of pixels, whose range is known.</summary>
    /// <param name="inner">The denoiser.</param>
    /// <param name="limit">x_0 is clipped to [-limit, limit].</param>
    public static ConstrainedDenoiser Clip(IDenoiser inner, double limit = 1) =>
        new(inner, clean => clean.clamp(Scalars.Of(-limit), Scalars.Of(limit)));

    /// <summary>Replaces x_0 by the nearest entries of a codebook (the reference's quantize_denoised).</summary>
    /// <param name="inner">The denoiser.</param>
    /// <param name="quantizer">The first stage's codebook.</param>
    /// <param name="scaleFactor">What latents were multiplied with before diffusion.</param>
    public static ConstrainedDenoiser Quantize(IDenoiser inner, VectorQuantizer quantizer, double scaleFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        return new ConstrainedDenoiser(
            inner,
            clean =>
            {
                using var scope = NewDisposeScope();
                return quantizer
                    .Quantize(clean.div(Scalars.Of(scaleFactor)))
                    .Quantized.mul(Scalars.Of(scaleFactor))
                    .MoveToOuterDisposeScope();
            }
        );
    }
}
