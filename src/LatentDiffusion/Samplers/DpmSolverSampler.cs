using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// DPM-Solver++ 2M (Lu et al. 2022): a second-order multistep method in the log-SNR on predictions of x_0, and with eta its
/// stochastic variant 2M SDE (midpoint). One evaluation per step.
/// </summary>
/// <param name="eta">0 is the deterministic 2M, 1 the usual 2M SDE.</param>
public sealed class DpmSolverSampler(double eta = 0) : ISampler
{
    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.Clean;

    /// <inheritdoc/>
    public bool BlendsAfterStep => false;

    /// <inheritdoc/>
    public ISamplerRun Begin() => new Run(eta);

    private sealed class Run(double eta) : ISamplerRun
    {
        private readonly StepHistory _history = new(1);

        public StepResult Step(SamplingStep step)
        {
            using var scope = NewDisposeScope();
            var (from, to, h) = (step.From, step.To, step.LogSnrGain);
            var clean = step.Predict().Clean;
            if (to.IsClean)
            {
                return new StepResult(clean.alias().MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
            }

            var aim = _history.Count == 0 ? clean : Extrapolate(clean, (from.LogSnr - _history[0].Level.LogSnr) / h);
            _history.Add(from, clean);
            // h is infinite where there is no signal yet; 0 times it would be no number.
            var decay = eta == 0 ? 1 : Math.Exp(-eta * h);
            var share = eta == 0 ? -ExpMinus1(-h) : -ExpMinus1(-(1 + eta) * h);
            var next = Mix(to.Noise / from.Noise * decay, step.Noisy, to.Signal * share, aim);
            if (eta > 0)
            {
                next = next.Plus(step.Noise().mul(Scalars.Of(to.Noise * Math.Sqrt(-ExpMinus1(-2 * eta * h)))));
            }

            return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
        }

        public void Dispose() => _history.Dispose();

        // Linear in the log-SNR, at the middle of the step.
        private Tensor Extrapolate(Tensor clean, double ratio) =>
            Mix(1 + 1 / (2 * ratio), clean, -1 / (2 * ratio), _history[0].Value);
    }
}
