using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>
/// Classifier-free guidance: extrapolates from the unconditional prediction through the conditional one,
/// e = e_u + s (e_c - e_u), in one batched pass with the unconditional half first. The joined condition belongs to the
/// dispose scope in which the denoiser is made.
/// </summary>
/// <param name="model">The model, trained with its condition dropped at times.</param>
/// <param name="condition">What to sample.</param>
/// <param name="unconditional">The null condition, of the same form and batch size.</param>
/// <param name="settings">Scale, rescaling, interval.</param>
public sealed class ClassifierFreeGuidance(
    IConditionalDenoiser model,
    Condition condition,
    Condition unconditional,
    GuidanceSettings settings
) : IDenoiser
{
    private static readonly long[] PerSample = [1, 2, 3];

    private readonly Condition _both = Condition.Concatenate(unconditional, condition);

    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        if (settings.Interval?.Contains(level) == false)
        {
            return model.Denoise(noisy, level, condition);
        }

        using var scope = NewDisposeScope();
        var prediction = model.Denoise(cat([noisy, noisy]), level, _both);
        var halves = prediction.Output.chunk(2);
        var guided = halves[0].Plus(halves[1].sub(halves[0]).mul(Scalars.Of(settings.Scale)));
        if (settings.Rescale > 0)
        {
            guided = Rescale(guided, halves[1]);
        }

        return new Prediction(prediction.Parameterization, noisy, level, guided.MoveToOuterDisposeScope());
    }

    /// <summary>A denoiser with guidance, or the plain conditional one where guidance would change nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="condition">What to sample.</param>
    /// <param name="unconditional">The null condition, or null when the model has none.</param>
    /// <param name="settings">Scale, rescaling, interval.</param>
    public static IDenoiser Apply(
        IConditionalDenoiser model,
        Condition condition,
        Condition? unconditional,
        GuidanceSettings settings
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        return unconditional is null || settings.Scale == 1
            ? new ConditionedDenoiser(model, condition)
            : new ClassifierFreeGuidance(model, condition, unconditional, settings);
    }

    private Tensor Rescale(Tensor guided, Tensor conditional)
    {
        var factor = conditional.std(PerSample, keepdim: true).div(guided.std(PerSample, keepdim: true));
        return guided.mul(factor.mul(Scalars.Of(settings.Rescale)).add(Scalars.Of(1 - settings.Rescale)));
    }
}
