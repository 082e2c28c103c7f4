using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Euler's method on the probability flow in the noise-to-signal ratio sigma (Karras et al. 2022), and with eta its
/// ancestral variant: down further than the next level, then up to it with fresh noise.
/// </summary>
/// <remarks>The step itself is DDIM's of the same eta; the customary levels and end are others.</remarks>
/// <param name="eta">0 is deterministic, 1 the usual ancestral sampling.</param>
public sealed class EulerSampler(double eta = 0) : ISampler, ISamplerRun
{
    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.Clean;

    /// <inheritdoc/>
    public bool BlendsAfterStep => false;

    /// <inheritdoc/>
    public ISamplerRun Begin() => this;

    /// <inheritdoc/>
    public StepResult Step(SamplingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        using var scope = NewDisposeScope();
        var (from, to) = (step.From, step.To);
        var prediction = step.Predict();
        // sigma_to / sigma_from, which is 0 where there is no signal yet.
        var ratio = to.Noise * from.Signal / (to.Signal * from.Noise);
        var up = eta * Math.Sqrt(1 - ratio * ratio);
        var down = Math.Sqrt(Math.Max(0, 1 - up * up));
        var clean = prediction.Clean;
        var next = Mix(to.Signal, clean, to.Noise * down, prediction.ImpliedNoise);
        if (up > 0 && !to.IsClean)
        {
            next = next.Plus(step.Noise().mul(Scalars.Of(to.Noise * up)));
        }

        return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
