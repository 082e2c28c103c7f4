using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>A conditional model with its condition filled in.</summary>
/// <param name="model">The model.</param>
/// <param name="condition">The condition, of the batch size that will be sampled.</param>
public sealed class ConditionedDenoiser(IConditionalDenoiser model, Condition condition) : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level) => model.Denoise(noisy, level, condition);
}
