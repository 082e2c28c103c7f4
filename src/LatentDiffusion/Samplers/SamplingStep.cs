using LatentDiffusion.Diffusion;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>One step as a sampler sees it.</summary>
/// <param name="denoiser">The model.</param>
/// <param name="noise">Fresh standard normal noise of the latents' shape.</param>
public sealed class SamplingStep(IDenoiser denoiser, Func<Tensor> noise)
{
    /// <summary>The latents, [B, C, H, W]; borrowed.</summary>
    public required Tensor Noisy { get; init; }

    /// <summary>Their level.</summary>
    public required NoiseLevel From { get; init; }

    /// <summary>The next level, with less noise.</summary>
    public required NoiseLevel To { get; init; }

    /// <summary>How many steps follow this one.</summary>
    public required int Remaining { get; init; }

    /// <summary>Whether this is the last step.</summary>
    public bool IsLast => Remaining == 0;

    /// <summary>From the signal-to-noise ratio before the step to that behind it: DPM-Solver's h, above 0, maybe infinite.</summary>
    public double LogSnrGain => To.LogSnr - From.LogSnr;

    /// <summary>What the model says about the latents.</summary>
    public Prediction Predict() => denoiser.Denoise(Noisy, From);

    /// <summary>What the model says about other latents.</summary>
    public Prediction Predict(Tensor noisy, NoiseLevel level) => denoiser.Denoise(noisy, level);

    /// <summary>Fresh noise for the sampler, [B, C, H, W].</summary>
    public Tensor Noise() => noise();
}
