using LatentDiffusion.Diffusion;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>The settings of <see cref="DdimSampler"/>.</summary>
/// <param name="Steps">Number of network evaluations, 1 to T.</param>
/// <param name="Eta">0 is deterministic DDIM, 1 has the noise of ancestral sampling.</param>
public sealed record DdimOptions(int Steps = 50, double Eta = 0);

/// <summary>Denoising diffusion implicit models (Song et al. 2020), with the reference's conventions.</summary>
/// <param name="schedule">The noise schedule the model was trained with.</param>
public sealed class DdimSampler(NoiseSchedule schedule)
{
    /// <summary>Denoises from pure noise.</summary>
    /// <param name="predictor">The model with its condition and guidance.</param>
    /// <param name="start">x_T, [B, C, H, W]; borrowed.</param>
    /// <param name="options">Steps and eta.</param>
    /// <param name="noise">Fresh noise for eta above 0, [B, C, H, W] per call.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>x_0, [B, C, H, W].</returns>
    public Tensor Sample(
        INoisePredictor predictor,
        Tensor start,
        DdimOptions options,
        Func<Tensor> noise,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(predictor);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(noise);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var timesteps = SamplingTimesteps.Uniform(options.Steps, schedule.Timesteps);
        var x = start.clone();
        for (var i = timesteps.Length - 1; i >= 0; i--)
        {
            cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            using var previous = x;
            x = Step(predictor, x, timesteps, i, options.Eta, noise).MoveToOuterDisposeScope();
            progress?.Report(new StepProgress("sample", timesteps.Length - i, timesteps.Length));
        }

        return x.MoveToOuterDisposeScope();
    }

    private Tensor Step(INoisePredictor predictor, Tensor x, int[] timesteps, int i, double eta, Func<Tensor> noise)
    {
        var alpha = schedule.AlphasCumprod[timesteps[i]];
        // As in the reference the last step lands on abar_0, not on 1.
        var alphaPrevious = schedule.AlphasCumprod[i == 0 ? 0 : timesteps[i - 1]];
        var sigma = eta * Math.Sqrt((1 - alphaPrevious) / (1 - alpha) * (1 - alpha / alphaPrevious));

        var t = full([x.shape[0]], Scalars.Of(timesteps[i]), dtype: int64, device: x.device);
        var predicted = predictor.PredictNoise(x, t);
        var clean = x.sub(predicted.mul(Scalars.Of(Math.Sqrt(1 - alpha)))).div(Scalars.Of(Math.Sqrt(alpha)));
        var next = clean
            .mul(Scalars.Of(Math.Sqrt(alphaPrevious)))
            .add(predicted.mul(Scalars.Of(Math.Sqrt(1 - alphaPrevious - sigma * sigma))));
        return sigma == 0 ? next : next.add(noise().to(x.device).mul(Scalars.Of(sigma)));
    }
}
