using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>
/// A classifier of noisy latents, whose gradient steers a diffusion model towards a class (classifier guidance; Dhariwal
/// and Nichol 2021, LDM appendix C). The diffusion model must have the same first stage, scale factor and noise schedule.
/// </summary>
public sealed class NoisyLatentClassifier : INoisyLatentClassifier, IDisposable
{
    /// <summary>Builds the classifier with fresh weights.</summary>
    /// <param name="config">The description.</param>
    /// <param name="firstStage">A trained first stage that fits the description, now owned; null for a fresh one.</param>
    /// <exception cref="ArgumentException">The parts do not fit each other.</exception>
    public NoisyLatentClassifier(NoisyClassifierModelConfig config, FirstStage? firstStage = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        FirstStage = firstStage ?? config.FirstStage.Build();
        FirstStage.eval();
        Network = new EncoderUnet(
            config.Network,
            FirstStage.LatentChannels,
            config.Classes.Count,
            config.ImageSize / FirstStage.DownsamplingFactor
        );
        Process = new DiffusionProcess(NoiseSchedule.Create(config.Schedule));
    }

    /// <summary>The description the classifier was built from.</summary>
    public NoisyClassifierModelConfig Config { get; }

    /// <summary>Images to latents.</summary>
    public FirstStage FirstStage { get; }

    /// <summary>The network.</summary>
    public EncoderUnet Network { get; }

    /// <summary>The forward diffusion process.</summary>
    public DiffusionProcess Process { get; }

    /// <summary>Latents are multiplied by this before noise is added.</summary>
    public double ScaleFactor { get; set; } = 1;

    /// <summary>log p(y | z_t), with its graph where gradients are recorded.</summary>
    /// <param name="noisy">z_t, scaled, [B, C, h, w].</param>
    /// <param name="timesteps">[B], integers or reals from 0 to T - 1.</param>
    /// <param name="labels">[B] class ids, int64.</param>
    /// <returns>[B], at most 0.</returns>
    public Tensor LogProbability(Tensor noisy, Tensor timesteps, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        using var scope = NewDisposeScope();
        var all = nn.functional.log_softmax(Network.Forward(noisy, timesteps), dim: 1);
        return all.gather(1, labels.reshape(-1, 1)).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of <see cref="LogProbability"/> by z_t: the direction in which the class grows likelier.</summary>
    /// <param name="noisy">z_t, scaled, [B, C, h, w].</param>
    /// <param name="timesteps">[B], integers or reals from 0 to T - 1.</param>
    /// <param name="labels">[B] class ids, int64.</param>
    /// <returns>[B, C, h, w], without a graph.</returns>
    public Tensor Gradient(Tensor noisy, Tensor timesteps, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        return LikelihoodGradient.At(noisy, latents => LogProbability(latents, timesteps, labels));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstStage.Dispose();
        Network.Dispose();
        Process.Dispose();
    }
}
