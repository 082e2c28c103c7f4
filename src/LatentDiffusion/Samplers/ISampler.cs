using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// A rule that takes latents from one noise level to the next. It knows neither the network nor the schedule; everything around
/// its steps is done by <see cref="SamplingLoop"/>.
/// </summary>
public interface ISampler
{
    /// <summary>Where the way down ends that the sampler was made for.</summary>
    SamplingEnd End { get; }

    /// <summary>Whether known latents are blended in after a step, at the level it came from, instead of before it.</summary>
    bool BlendsAfterStep { get; }

    /// <summary>Starts a new way down, with an empty history.</summary>
    ISamplerRun Begin();
}

/// <summary>One way down: the sampler's rule with what it remembers of earlier steps.</summary>
public interface ISamplerRun : IDisposable
{
    /// <summary>Takes one step.</summary>
    /// <param name="step">Where from, where to, and who predicts.</param>
    /// <returns>In the caller's dispose scope.</returns>
    StepResult Step(SamplingStep step);
}

/// <summary>What a step leads to.</summary>
/// <param name="Next">The latents at the next level, [B, C, H, W].</param>
/// <param name="Clean">The x_0 that the step aimed at, [B, C, H, W].</param>
public readonly record struct StepResult(Tensor Next, Tensor Clean);

/// <summary>Where a way down ends.</summary>
public enum SamplingEnd
{
    /// <summary>At x_0.</summary>
    Clean,

    /// <summary>At timestep 0, which has a little noise left; so the reference's DDIM and PLMS.</summary>
    FirstTimestep,
}
