using LatentDiffusion.Diffusion;
using LatentDiffusion.Tensors;
using static LatentDiffusion.Samplers.StepAlgebra;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Pseudo linear multistep (Liu et al. 2022, PNDM) with the reference's start: DDIM with noise extrapolated from up to four
/// predictions, the first step a Heun step. It is deterministic and needs one evaluation more than there are steps.
/// </summary>
public sealed class PlmsSampler : ISampler
{
    // Adams-Bashforth weights, latest first, by the number of earlier predictions.
    private static readonly double[][] Weights =
    [
        [1],
        [3.0 / 2, -1.0 / 2],
        [23.0 / 12, -16.0 / 12, 5.0 / 12],
        [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
    ];

    /// <inheritdoc/>
    public SamplingEnd End => SamplingEnd.FirstTimestep;

    /// <inheritdoc/>
    public bool BlendsAfterStep => false;

    /// <inheritdoc/>
    public ISamplerRun Begin() => new Run();

    private sealed class Run : ISamplerRun
    {
        private readonly StepHistory _history = new(Weights.Length);

        public StepResult Step(SamplingStep step)
        {
            using var scope = NewDisposeScope();
            var prediction = step.Predict();
            var isFirst = _history.Count == 0;
            _history.Add(step.From, prediction.Noise);
            var noise = isFirst ? StartNoise(step, prediction) : Extrapolated();
            var clean = prediction.CleanFor(noise);
            var next = Mix(step.To.Signal, clean, step.To.Noise, noise);
            return new StepResult(next.MoveToOuterDisposeScope(), clean.alias().MoveToOuterDisposeScope());
        }

        public void Dispose() => _history.Dispose();

        private static Tensor StartNoise(SamplingStep step, Prediction prediction)
        {
            var attempt = Mix(step.To.Signal, prediction.Clean, step.To.Noise, prediction.Noise);
            // A single step has no next timestep: the reference asks at the same one again.
            var next = step.Predict(attempt, step.IsLast ? step.From : step.To);
            return Mix(0.5, prediction.Noise, 0.5, next.Noise);
        }

        private Tensor Extrapolated()
        {
            var weights = Weights[_history.Count - 1];
            var sum = _history[0].Value.mul(Scalars.Of(weights[0]));
            for (var i = 1; i < weights.Length; i++)
            {
                sum = sum.Plus(_history[i].Value.mul(Scalars.Of(weights[i])));
            }

            return sum;
        }
    }
}
