using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>
/// Post-hoc guidance by an image (LDM appendix C): a model that was trained without it draws samples whose decoded x_0
/// looks like y after some operator, such as downsampling. The likelihood is log p(y | z_t) = -d(T(D(z_0(z_t))), y).
/// </summary>
/// <param name="inner">The denoiser.</param>
/// <param name="target">y and how samples are compared with it.</param>
/// <param name="scale">The guidance scale; 0 is none.</param>
/// <param name="throughNetwork">
/// Whether the gradient passes through the denoiser, which must then be differentiable. Otherwise the denoiser's Jacobian
/// is taken to be sqrt(abar_t), that of the best denoiser for latents of unit variance: cheaper by a backward pass through
/// the network, and bounded at high noise, where holding the predicted noise constant would give 1 / sqrt(abar_t). At high
/// noise the best denoiser's Jacobian is sqrt(abar_t) times the latents' covariance. Neighbouring latents resemble each
/// other, so along smooth directions that is many times the unit taken here, and this way needs a scale larger by as much.
/// </param>
public sealed class ImageGuidance(IDenoiser inner, GuidanceTarget target, double scale, bool throughNetwork = false)
    : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level)
    {
        var prediction = inner.Denoise(noisy, level);
        using var scope = NewDisposeScope();
        var gradient = throughNetwork
            ? LikelihoodGradient.At(noisy, z => target.LogLikelihood(inner.Denoise(z, level).Clean))
            : LikelihoodGradient.At(prediction.Clean, target.LogLikelihood).mul(Scalars.Of(level.Signal));
        return prediction.WithNoise(
            prediction.Noise.sub(gradient.mul(Scalars.Of(scale * level.Noise))).MoveToOuterDisposeScope()
        );
    }
}
