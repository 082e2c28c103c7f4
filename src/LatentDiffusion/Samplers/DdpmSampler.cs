using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Ancestral sampling (Ho et al. 2020): draws from q(x_s | x_t, x_0) with the predicted x_0, over any two levels. Over all
/// timesteps it is the reference's p_sample_loop.
/// </summary>
/// <param name="varianceMix">
/// From 0, the posterior's variance, to 1, the forward process' (the reference's v_posterior).
/// </param>
public sealed class DdpmSampler(double varianceMix = 0) : ISampler, ISamplerRun
{
    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.Clean;

    /// <inheritdoc/>
    public bool BlendsAfterStep => true;

    /// <inheritdoc/>
    public ISamplerRun Begin() => this;

    /// <inheritdoc/>
    public StepResult Step(SamplingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        using var scope = NewDisposeScope();
        var (from, to) = (step.From, step.To);
        var clean = step.Predict().Clean;
        // alpha and beta of the two levels, as if nothing lay between them.
        var alpha = from.AlphaCumprod / to.AlphaCumprod;
        var (power, powerTo) = (from.Noise * from.Noise, to.Noise * to.Noise);
        var beta = 1 - alpha;
        var mean = Mix(beta * to.Signal / power, clean, powerTo * Math.Sqrt(alpha) / power, step.Noisy);
        var deviation = Math.Sqrt((1 - varianceMix) * beta * powerTo / power + varianceMix * beta);
        var next = to.IsClean ? mean : mean.Plus(step.Noise().mul(Scalars.Of(deviation)));
        return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
