using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Heun's second-order method on the probability flow (Karras et al. 2022, algorithm 1): two evaluations per step, except in the
/// last one to x_0 and in one that starts from noise alone, which are Euler's.
/// </summary>
public sealed class HeunSampler : ISampler, ISamplerRun
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
        var clean = prediction.Clean;
        var slope = prediction.ImpliedNoise;
        var next = Mix(to.Signal, clean, to.Noise, slope);
        if (!to.IsClean && from.Signal > 0)
        {
            var mean = Mix(0.5, slope, 0.5, step.Predict(next, to).ImpliedNoise);
            // x_to / signal_to = x_from / signal_from + (sigma_to - sigma_from) slope
            next = Mix(to.Signal / from.Signal, step.Noisy, to.Noise - to.Signal * from.Sigma, mean);
        }

        return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
