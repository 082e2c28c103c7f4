using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>A conditional model with its condition filled in.</summary>
/// <param name="model">The model.</param>
/// <param name="condition">The condition, of the batch size that will be sampled.</param>
public sealed class ConditionedPredictor(IConditionalNoisePredictor model, Condition condition) : INoisePredictor
{
    /// <inheritdoc/>
    public Tensor PredictNoise(Tensor noisy, Tensor timesteps) => model.PredictNoise(noisy, timesteps, condition);
}
