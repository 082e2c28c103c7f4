using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>Denoising diffusion implicit models (Song et al. 2020), with the reference's conventions.</summary>
/// <param name="eta">0 is deterministic, 1 has the noise of ancestral sampling.</param>
public sealed class DdimSampler(double eta = 0) : ISampler, ISamplerRun
{
    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.FirstTimestep;

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
        var sigma = eta * to.Noise / from.Noise * Math.Sqrt(1 - from.AlphaCumprod / to.AlphaCumprod);
        var direction = Math.Sqrt(Math.Max(0, to.Noise * to.Noise - sigma * sigma));
        var clean = prediction.Clean;
        var next = Mix(to.Signal, clean, direction, prediction.Noise);
        if (sigma > 0)
        {
            next = next.Plus(step.Noise().mul(Scalars.Of(sigma)));
        }

        return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() { }
}
