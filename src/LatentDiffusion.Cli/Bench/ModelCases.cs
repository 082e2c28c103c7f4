using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Runtime;
using LatentDiffusion.Training.Optimization;
using static TorchSharp.torch;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Networks forward, backward and in a sampling loop, on random weights.</summary>
internal static class ModelCases
{
    /// <summary>The UNet that small experiments use.</summary>
    public static UnetConfig SmallUnet { get; } =
        new()
        {
            InChannels = 4,
            OutChannels = 4,
            ModelChannels = 64,
            ChannelMult = [1, 2, 4],
            NumResBlocks = 2,
            AttentionResolutions = [2, 4],
            NumHeads = 8,
            UseSpatialTransformer = true,
            ContextDim = 64,
        };

    /// <summary>An autoencoder that a laptop can train: the demo's, f = 4.</summary>
    public static AutoencoderConfig SmallAutoencoder { get; } =
        new()
        {
            Channels = 32,
            ChannelMult = [1, 2, 2],
            NumResBlocks = 1,
            ZChannels = 4,
            Resolution = 64,
            Attention = AttentionType.None,
        };

    private const int SmallLatent = 16;
    private const int SmallTokens = 16;

    public static BenchWork UnetForward(UnetConfig config, int batch, int side, int tokens)
    {
        using var scope = NewDisposeScope();
        var unet = Fill(new Unet(config));
        var inputs = Inputs.For(config, batch, side, tokens);
        return Forward(unet, () => unet.Forward(inputs.X, inputs.Timesteps, inputs.Context), batch, inputs);
    }

    public static BenchWork UnetTraining(UnetConfig config, int batch, int side, int tokens)
    {
        using var scope = NewDisposeScope();
        var unet = Fill(new Unet(config));
        var inputs = Inputs.For(config, batch, side, tokens);
        var noise = Rectified(batch, config.OutChannels, side, side).DetachFromDisposeScope();
        return Training(
            unet,
            () => unet.Forward(inputs.X, inputs.Timesteps, inputs.Context).sub(noise).pow(Scalars.Of(2)).mean(),
            batch,
            () =>
            {
                inputs.Dispose();
                noise.Dispose();
            }
        );
    }

    public static BenchWork Decoder(FirstStage autoencoder, int batch, int side)
    {
        using var scope = NewDisposeScope();
        Fill(autoencoder);
        var latents = Rectified(batch, autoencoder.LatentChannels, side, side).DetachFromDisposeScope();
        return Forward(autoencoder, () => autoencoder.Decode(latents), batch, latents);
    }

    /// <summary>Decodes in tiles; multiply-adds are not counted, for some maps are computed more than once.</summary>
    public static BenchWork TiledDecoder(FirstStage autoencoder, int side)
    {
        using var scope = NewDisposeScope();
        Fill(autoencoder).eval();
        var tiled = new TiledFirstStage(autoencoder);
        var latents = Rectified(1, autoencoder.LatentChannels, side, side).DetachFromDisposeScope();
        return new BenchWork
        {
            Run = () => tiled.Decode(latents).Dispose(),
            IsLong = true,
            WeightBytes = Bytes(autoencoder),
            Yield = ("images", 1),
            Release = () =>
            {
                autoencoder.Dispose();
                latents.Dispose();
            },
        };
    }

    public static BenchWork Encoder(FirstStage autoencoder, int batch, int side)
    {
        using var scope = NewDisposeScope();
        Fill(autoencoder);
        var images = Rectified(batch, 3, side, side).DetachFromDisposeScope();
        return Forward(autoencoder, () => autoencoder.Encode(images), batch, images);
    }

    public static BenchWork AutoencoderTraining(AutoencoderConfig config, int batch, int side)
    {
        using var scope = NewDisposeScope();
        var autoencoder = new KlAutoencoder(config, config.ZChannels);
        var images = Rectified(batch, 3, side, side).DetachFromDisposeScope();
        return Training(
            autoencoder,
            () => autoencoder.Decode(autoencoder.SampleLatents(autoencoder.Encode(images))).sub(images).abs().mean(),
            batch,
            images.Dispose
        );
    }

    /// <summary>DDIM with classifier-free guidance: two UNet evaluations per image and step, in one batch.</summary>
    public static BenchWork Sampling(int batch, int steps)
    {
        using var scope = NewDisposeScope();
        var unet = Fill(new Unet(SmallUnet));
        var schedule = new NoiseLevels(NoiseSchedule.Create(new NoiseScheduleConfig()));
        var denoiser = new Denoiser(unet, new DiffusionObjectiveConfig().Parameterization);
        var inputs = Inputs.For(SmallUnet, batch, SmallLatent, SmallTokens);
        var nothing = zeros_like(inputs.Context!).DetachFromDisposeScope();
        var sampler = new DdimSampler();
        var levels = SamplingLevels.Create(schedule, Spacing.Uniform, steps, sampler.End);
        void Run()
        {
            using var noGradient = no_grad();
            using var prompt = NewDisposeScope();
            var guided = ClassifierFreeGuidance.Apply(
                denoiser,
                new Condition(inputs.Context),
                new Condition(nothing),
                new GuidanceSettings(Scale: 3)
            );
            SamplingLoop.Run(sampler, guided, levels, inputs.X, () => randn(inputs.X.shape));
        }

        return new BenchWork
        {
            Run = Run,
            MultiplyAdds = MultiplyAddCounter.Count(Run),
            WeightBytes = Bytes(unet),
            Yield = ("images", batch),
            Release = () =>
            {
                unet.Dispose();
                inputs.Dispose();
                nothing.Dispose();
            },
        };
    }

    public static UnetConfig Published(string name) => PublishedModels.Models[name].Unet;

    public static FirstStage FirstStage(string name) => PublishedModels.FirstStages[name].Build();

    private static BenchWork Forward(nn.Module module, Func<Tensor> forward, int batch, IDisposable inputs)
    {
        module.eval();
        void Run()
        {
            using var noGradient = no_grad();
            forward().Dispose();
        }

        return new BenchWork
        {
            Run = Run,
            MultiplyAdds = MultiplyAddCounter.Count(Run),
            WeightBytes = Bytes(module),
            Yield = ("images", batch),
            Release = () =>
            {
                module.Dispose();
                inputs.Dispose();
            },
        };
    }

    // A backward pass counts as two forward passes: one product for the inputs' gradients, one for the weights'.
    private static BenchWork Training(nn.Module module, Func<Tensor> loss, int batch, Action release)
    {
        module.train();
        AllocatorSettings.KeepLargestBlocks();
        var parameters = module.named_parameters().Select(p => (p.name, (Tensor)p.parameter)).ToList();
        var optimizer = new AdamW(parameters, new OptimizerConfig { LearningRate = 1e-6 });
        var averages = new ExponentialMovingAverage(parameters);
        void Run()
        {
            using var scope = NewDisposeScope();
            optimizer.ClearGradients();
            loss().backward();
            optimizer.Step();
            averages.Update();
        }

        return new BenchWork
        {
            Run = Run,
            MultiplyAdds = 3 * MultiplyAddCounter.Count(() => loss().Dispose()),
            WeightBytes = Bytes(module),
            Yield = ("images", batch),
            Release = () =>
            {
                optimizer.Dispose();
                averages.Dispose();
                module.Dispose();
                release();
            },
        };
    }

    private static long Bytes(nn.Module module) => module.parameters().Sum(p => p.numel() * p.element_size());

    // Layers that start at zero would feed zeros to everything behind them.
    private static T Fill<T>(T module)
        where T : nn.Module
    {
        using var noGradient = no_grad();
        foreach (var parameter in module.parameters().Where(IsZero))
        {
            parameter.uniform_(-0.02, 0.02);
        }

        return module;
    }

    private static bool IsZero(Tensor parameter)
    {
        using var scope = NewDisposeScope();
        return parameter.max().item<float>() == 0 && parameter.min().item<float>() == 0;
    }

    private static Tensor Rectified(params long[] shape) => rand(shape).mul(Scalars.Of(2)).sub(Scalars.Of(1));

    private sealed record Inputs(Tensor X, Tensor Timesteps, Tensor? Context) : IDisposable
    {
        public static Inputs For(UnetConfig config, int batch, int side, int tokens) =>
            new(
                randn(batch, config.InChannels, side, side).DetachFromDisposeScope(),
                randint(0, 1000, [batch], dtype: int64).DetachFromDisposeScope(),
                config.ContextDim is { } depth ? randn(batch, tokens, depth).DetachFromDisposeScope() : null
            );

        public void Dispose()
        {
            X.Dispose();
            Timesteps.Dispose();
            Context?.Dispose();
        }
    }
}
