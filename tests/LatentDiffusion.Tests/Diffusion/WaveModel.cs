using LatentDiffusion.Diffusion;
using TorchSharp;

namespace LatentDiffusion.Tests.Diffusion;

/// <summary>The reference results' model without weights: 0.8 tanh(x) + 0.1 cos(t / 100) + 0.05 label.</summary>
internal sealed class WaveModel : IConditionalDenoiser, IDenoiser
{
    /// <summary>Batch sizes of the calls so far.</summary>
    public List<long> Batches { get; } = [];

    /// <summary>Timesteps of the calls by a sampler so far.</summary>
    public List<double> Timesteps { get; } = [];

    public Prediction Denoise(torch.Tensor noisy, NoiseLevel level) => Denoise(noisy, level, Condition.None);

    public Prediction Denoise(torch.Tensor noisy, NoiseLevel level, Condition condition)
    {
        Timesteps.Add(level.Timestep);
        using var timesteps = torch.full([noisy.shape[0]], level.Timestep, dtype: torch.float32);
        return new Prediction(Parameterization.Eps, noisy, level, PredictNoise(noisy, timesteps, condition));
    }

    public torch.Tensor PredictNoise(torch.Tensor noisy, torch.Tensor timesteps) =>
        PredictNoise(noisy, timesteps, Condition.None);

    public torch.Tensor PredictNoise(torch.Tensor noisy, torch.Tensor timesteps, Condition condition)
    {
        Batches.Add(noisy.shape[0]);
        using var scope = torch.NewDisposeScope();
        var time = timesteps.to(torch.float32).div(100).cos().mul(0.1).reshape(-1, 1, 1, 1);
        var prediction = noisy.tanh().mul(0.8).add(time);
        if (condition.Labels is { } labels)
        {
            prediction = prediction.add(labels.to(torch.float32).mul(0.05).reshape(-1, 1, 1, 1));
        }

        return prediction.MoveToOuterDisposeScope();
    }
}
