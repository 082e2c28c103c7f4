using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// Classifier-free guidance: extrapolates from the unconditional prediction through the conditional one,
/// e = e_u + s (e_c - e_u), in one batched pass with the unconditional half first. The joined condition belongs to the
/// dispose scope in which the predictor is made.
/// </summary>
/// <param name="model">The model, trained with its condition dropped at times.</param>
/// <param name="condition">What to sample.</param>
/// <param name="unconditional">The null condition, of the same form and batch size.</param>
/// <param name="scale">The guidance scale s; 1 is the plain conditional model, 0 the unconditional one.</param>
public sealed class ClassifierFreeGuidance(
    IConditionalNoisePredictor model,
    Condition condition,
    Condition unconditional,
    double scale
) : INoisePredictor
{
    private readonly Condition _both = Condition.Concatenate(unconditional, condition);

    /// <inheritdoc/>
    public Tensor PredictNoise(Tensor noisy, Tensor timesteps)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        using var scope = NewDisposeScope();
        var halves = model.PredictNoise(cat([noisy, noisy]), cat([timesteps, timesteps]), _both).chunk(2);
        return halves[0].add(halves[1].sub(halves[0]).mul(Scalars.Of(scale))).MoveToOuterDisposeScope();
    }

    /// <summary>A predictor with guidance, or the plain conditional one where guidance would change nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="condition">What to sample.</param>
    /// <param name="unconditional">The null condition, or null when the model has none.</param>
    /// <param name="scale">The guidance scale.</param>
    public static INoisePredictor Apply(
        IConditionalNoisePredictor model,
        Condition condition,
        Condition? unconditional,
        double scale
    ) =>
        unconditional is null || scale == 1
            ? new ConditionedPredictor(model, condition)
            : new ClassifierFreeGuidance(model, condition, unconditional, scale);
}
