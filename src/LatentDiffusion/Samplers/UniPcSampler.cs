using LatentDiffusion.Diffusion;
using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// UniPC (Zhao et al. 2023) on predictions of x_0 with B(h) = exp(h) - 1 ("bh2"): a multistep predictor, and a corrector that
/// improves every step once its end has been evaluated, at no further evaluation.
/// </summary>
/// <param name="order">2 or 3; the first and the last steps use lower orders.</param>
public sealed class UniPcSampler(int order = 2) : ISampler
{
    private readonly int _order = order is 2 or 3
        ? order
        : throw new ArgumentOutOfRangeException(nameof(order), order, "UniPC is of order 2 or 3.");

    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.Clean;

    /// <inheritdoc/>
    public bool BlendsAfterStep => false;

    /// <inheritdoc/>
    public ISamplerRun Begin() => new Run(_order);

    private sealed class Run(int order) : ISamplerRun
    {
        private readonly StepHistory _history = new(order);

        // The corrected latents that the last step started from, and the order it used; 0 asks for no correction.
        private Tensor? _last;
        private int _lastOrder;

        public StepResult Step(SamplingStep step)
        {
            using var scope = NewDisposeScope();
            var (from, to) = (step.From, step.To);
            var clean = step.Predict().Clean;
            var noisy = _lastOrder > 0 ? Solve(_last!, from, _lastOrder, clean) : step.Noisy;
            if (to.IsClean)
            {
                return new StepResult(clean.alias().MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
            }

            _history.Add(from, clean);
            _lastOrder = Math.Min(Math.Min(order, step.Remaining + 1), Usable());
            var next = Solve(noisy, to, _lastOrder, atEnd: null);
            if (from.Signal == 0)
            {
                // An infinite step has no polynomial that a correction could use.
                _lastOrder = 0;
            }

            _last?.Dispose();
            _last = noisy.alias().DetachFromDisposeScope();
            return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
        }

        public void Dispose()
        {
            _history.Dispose();
            _last?.Dispose();
        }

        private int Usable()
        {
            var usable = 1;
            while (usable < _history.Count && double.IsFinite(_history[usable].Level.LogSnr))
            {
                usable++;
            }

            return usable;
        }

        /// <summary>From the latest level in the history to another one; with the prediction there it is the corrector.</summary>
        private Tensor Solve(Tensor noisy, NoiseLevel to, int order, Tensor? atEnd)
        {
            using var scope = NewDisposeScope();
            var (from, latest) = _history[0];
            var h = to.LogSnr - from.LogSnr;
            var growth = ExpMinus1(-h);
            var next = Mix(to.Noise / from.Noise, noisy, -to.Signal * growth, latest);

            // Differences to the latest prediction, at places in units of the step.
            List<(double Place, Tensor Difference)> nodes = [];
            for (var i = 1; i < order; i++)
            {
                var place = (_history[i].Level.LogSnr - from.LogSnr) / h;
                nodes.Add((place, _history[i].Value.sub(latest).div(Scalars.Of(place))));
            }

            if (atEnd is not null)
            {
                nodes.Add((1, atEnd.sub(latest)));
            }

            var weights = UniPcWeights.Solve([.. nodes.Select(n => n.Place)], h);
            for (var i = 0; i < nodes.Count; i++)
            {
                next = next.sub(nodes[i].Difference.mul(Scalars.Of(to.Signal * growth * weights[i])));
            }

            return next.MoveToOuterDisposeScope();
        }
    }
}
