using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>A classifier of noisy latents (Dhariwal and Nichol 2021; LDM section 4.3, "LDM-8-G").</summary>
public interface INoisyLatentClassifier
{
    /// <summary>log p(y | z_t), differentiable in the latents.</summary>
    /// <param name="noisy">z_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], f32, real numbers from 0 to T - 1.</param>
    /// <param name="labels">y, [B], int64.</param>
    /// <returns>[B], at most 0.</returns>
    Tensor LogProbability(Tensor noisy, Tensor timesteps, Tensor labels);
}

/// <summary>Classifier guidance: eps - s sqrt(1 - abar_t) grad log p(y | z_t).</summary>
/// <param name="inner">The denoiser.</param>
/// <param name="logProbability">
/// log p(y | z_t) of each sample by itself, from z_t [B, C, H, W] and its level to [B], differentiable in z_t.
/// </param>
/// <param name="scale">The guidance scale s; 0 is none.</param>
public sealed class ClassifierGuidance(IDenoiser inner, Func<Tensor, NoiseLevel, Tensor> logProbability, double scale)
    : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level)
    {
        var prediction = inner.Denoise(noisy, level);
        using var scope = NewDisposeScope();
        var gradient = LikelihoodGradient.At(noisy, latents => logProbability(latents, level));
        return prediction.WithNoise(
            prediction.Noise.sub(gradient.mul(Scalars.Of(scale * level.Noise))).MoveToOuterDisposeScope()
        );
    }

    /// <summary>Guidance by a trained classifier.</summary>
    /// <param name="inner">The denoiser.</param>
    /// <param name="classifier">The classifier, trained on noisy latents.</param>
    /// <param name="labels">The class that each sample should have, [B], int64; borrowed.</param>
    /// <param name="scale">The guidance scale s; the paper uses 10.</param>
    public static ClassifierGuidance By(IDenoiser inner, INoisyLatentClassifier classifier, Tensor labels, double scale)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        return new ClassifierGuidance(
            inner,
            (noisy, level) =>
            {
                using var timesteps = full(
                    [noisy.shape[0]],
                    Scalars.Of(level.Timestep),
                    dtype: float32,
                    device: noisy.device
                );
                return classifier.LogProbability(noisy, timesteps, labels);
            },
            scale
        );
    }
}
