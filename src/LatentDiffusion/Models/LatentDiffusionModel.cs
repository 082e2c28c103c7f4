using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>
/// A latent diffusion model (LDM section 3): a first stage, a denoising UNet in its latent space, a condition, a noise
/// schedule, and the factor that brings latents to unit variance.
/// </summary>
public sealed class LatentDiffusionModel : IDisposable
{
    /// <summary>Builds the model with fresh weights.</summary>
    /// <param name="config">The description.</param>
    /// <param name="firstStage">A trained first stage that fits the description, now owned; null for a fresh one.</param>
    /// <param name="vocabularies">
    /// The vocabularies that a model's file holds; null reads them from the files that the description names.
    /// </param>
    /// <exception cref="ArgumentException">The parts do not fit each other.</exception>
    /// <exception cref="Errors.UserInputException">A vocabulary cannot be read.</exception>
    public LatentDiffusionModel(
        LatentDiffusionModelConfig config,
        FirstStage? firstStage = null,
        IReadOnlyList<string>? vocabularies = null
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        FirstStage = firstStage ?? config.FirstStage.Build();
        FirstStage.eval();
        Unet = new Unet(UnetConfigOf(config));
        CheckChannels();

        SizeMultiple = FirstStage.DownsamplingFactor * Unet.SizeMultiple;
        if (config.Objective.ProblemWith(config.Schedule) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        Conditioner = config.Conditioner is { } conditioner
            ? Conditioners.Create(
                conditioner,
                config.Classes.Count,
                vocabularies,
                FirstStage,
                new ConditionLabels(config.MapLabels, config.LayoutLabels),
                () => ScaleFactor
            )
            : null;
        Process = new DiffusionProcess(NoiseSchedule.Create(config.Schedule));
        Denoiser = new Denoiser(Unet, config.Objective.Parameterization);
        if (config.Objective.LearnLogvar)
        {
            using var initial = full(
                [Process.Schedule.Timesteps],
                Scalars.Of(config.Objective.LogvarInit),
                dtype: float32
            );
            LogVariances = initial.clone().requires_grad_().DetachFromDisposeScope();
        }
    }

    /// <summary>The description the model was built from.</summary>
    public LatentDiffusionModelConfig Config { get; }

    /// <summary>Images to latents and back.</summary>
    public FirstStage FirstStage { get; }

    /// <summary>The denoising network.</summary>
    public Unet Unet { get; }

    /// <summary>Classes, text and the like to conditions; null for an unconditional model.</summary>
    public Conditioner? Conditioner { get; }

    /// <summary>Whether the model draws what a text says.</summary>
    public bool ReadsText => Config.Conditioner?.UsesCaptions == true;

    /// <summary>The forward diffusion process.</summary>
    public DiffusionProcess Process { get; }

    /// <summary>The UNet as a denoiser.</summary>
    public Denoiser Denoiser { get; }

    /// <summary>
    /// [T], the learned log variance of the prediction at every timestep, which only the loss uses; null where it is not
    /// learned.
    /// </summary>
    public Tensor? LogVariances { get; }

    /// <summary>Width and height of the images must be multiples of this.</summary>
    public int SizeMultiple { get; }

    /// <summary>Latents are multiplied by this before diffusion, so that their variance is about 1.</summary>
    public double ScaleFactor { get; set; } = 1;

    /// <summary>Scaled latents to images.</summary>
    /// <param name="latents">[B, C, h, w], as diffusion sees them.</param>
    /// <returns>[B, 3, H, W], about [-1,1], not clamped.</returns>
    public Tensor DecodeScaled(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var unscaled = latents.div(Scalars.Of(ScaleFactor));
        return FirstStage.Decode(unscaled);
    }

    /// <summary>
    /// The parameters that diffusion training changes: the UNet's, the conditioner's, and log variances that are learned.
    /// </summary>
    public IEnumerable<(string Name, Tensor Parameter)> TrainableParameters() =>
        UnetParameters()
            .Concat(
                (Conditioner?.Network?.named_parameters() ?? [])
                    .Where(p => p.parameter.requires_grad)
                    .Select(p => (ModelTensors.ConditionerPrefix + p.name, (Tensor)p.parameter))
            )
            .Concat(LogVariances is null ? [] : [(ModelTensors.LogVariances, LogVariances)]);

    /// <summary>The UNet's parameters by their published names.</summary>
    public IEnumerable<(string Name, Tensor Parameter)> UnetParameters() =>
        Unet.named_parameters().Select(p => (ModelTensors.UnetPrefix + p.name, (Tensor)p.parameter));

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstStage.Dispose();
        Unet.Dispose();
        Conditioner?.Dispose();
        Process.Dispose();
        LogVariances?.Dispose();
    }

    // With class labels the UNet embeds every class and the null class.
    private static UnetConfig UnetConfigOf(LatentDiffusionModelConfig config)
    {
        if (config.Conditioner?.ContextDim is { } channels && channels != config.Unet.ContextDim)
        {
            throw new ArgumentException(
                $"The conditioner's embed_dim is {channels} and the UNet's context_dim is "
                    + $"{config.Unet.ContextDim?.ToString() ?? "absent"}: make them equal."
            );
        }

        return config.Conditioner?.Singles.Any(single => single is ClassLabelConfig) == true
            ? config.Unet with
            {
                NumClasses = config.Classes.Count + 1,
            }
            : config.Unet;
    }

    private void CheckChannels()
    {
        var latents = FirstStage.LatentChannels;
        var extra = Config.Conditioner?.ConcatenatedChannels(latents) ?? 0;
        if (Unet.Config.InChannels != latents + extra || Unet.Config.OutChannels != latents)
        {
            throw new ArgumentException(
                $"The UNet has in_channels {Unet.Config.InChannels} and out_channels {Unet.Config.OutChannels}, the first "
                    + $"stage's latents have {latents} channels"
                    + (extra == 0 ? ": make them equal." : $" and the condition adds {extra} to those that come in.")
            );
        }
    }
}
