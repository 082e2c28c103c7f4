using LatentDiffusion.Progress;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>Latents that are known in part, for inpainting with any model.</summary>
/// <param name="Keep">[1 or B, 1 or C, H, W]: 1 keeps what is known, 0 samples; borrowed.</param>
/// <param name="Known">x_0 of the known part, [B, C, H, W]; borrowed.</param>
public sealed record KnownLatents(Tensor Keep, Tensor Known)
{
    /// <summary>Noise for the known part, [B, C, H, W] per call; null draws from the sampler's.</summary>
    public Func<Tensor>? Noise { get; init; }

    /// <summary>
    /// Whether the result has the known latents themselves. The reference leaves in them what the last step made of them.
    /// </summary>
    public bool Paste { get; init; }
}

/// <summary>What happens around a sampler's steps.</summary>
public sealed record SamplingOptions
{
    /// <summary>What is known of the result; null samples everything.</summary>
    public KnownLatents? Known { get; init; }

    /// <summary>Factor on the sampler's fresh noise; 1 is right, less gives smoother samples.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>The share of the sampler's fresh noise that is dropped, 0 to 1; the rest is scaled up (the reference's noise_dropout).</summary>
    public double NoiseDropout { get; init; }

    /// <summary>Collects what the way down looks like; null collects nothing.</summary>
    public SamplingIntermediates? Intermediates { get; init; }

    /// <summary>Told after every step.</summary>
    public IProgress<StepProgress>? Progress { get; init; }
}
