using LatentDiffusion.Checkpoints;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Progress;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>
/// Twenty images of two classes, and configurations so small that a training step takes milliseconds. Training seeds the
/// process-wide random numbers, so tests with it belong to <see cref="ProcessWideState"/>.
/// </summary>
internal sealed class TinyTraining : IDisposable
{
    private const int ImageSize = 8;

    private readonly TemporaryFolder _folder = new();

    public TinyTraining()
    {
        for (var i = 0; i < 20; i++)
        {
            var path = Path.Combine(_folder["images"], i % 2 == 0 ? "dark" : "light", $"{i:d2}.png");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, PngEncoder.Encode(CreateImage(i)));
        }
    }

    public static TrainingConfig Short { get; } =
        new()
        {
            BatchSize = 4,
            Steps = 6,
            LogEvery = 1,
            SampleEvery = 0,
        };

    public string this[string name] => _folder[name];

    public static FirstStageConfig FirstStage(string kind)
    {
        var network = new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [1, 1],
            NumResBlocks = 1,
            ZChannels = 3,
            Resolution = ImageSize,
            Dropout = 0.1,
        };
        return kind == "kl"
            ? new KlConfig { Network = network, EmbedDim = 3 }
            : new VqConfig
            {
                Network = network,
                EmbedDim = 3,
                Codes = 16,
            };
    }

    public AutoencoderExperiment Autoencoder(string kind) =>
        new()
        {
            Data = Images,
            Optimizer = new OptimizerConfig { LearningRate = 1e-3 },
            Model = FirstStage(kind),
            Training = Short,
        };

    /// <param name="conditioner">"none", "class_label" or "class_token".</param>
    /// <param name="firstStage">The first stage's kind.</param>
    public DiffusionExperiment Diffusion(string conditioner = "none", string firstStage = "kl")
    {
        var unet = new UnetConfig
        {
            InChannels = 3,
            OutChannels = 3,
            ModelChannels = 32,
            ChannelMult = [1],
            NumResBlocks = 1,
            AttentionResolutions = [1],
            NumHeads = 2,
            Dropout = 0.1,
        };
        return new DiffusionExperiment
        {
            Data = Images,
            Optimizer = new OptimizerConfig { LearningRate = 1e-3, WeightDecay = 0.01 },
            FirstStage = WriteFirstStage(firstStage),
            Unet = conditioner == "class_token" ? unet with { UseSpatialTransformer = true, ContextDim = 8 } : unet,
            Conditioner = conditioner switch
            {
                "class_label" => new ClassLabelConfig { DropProbability = 0.3 },
                "class_token" => new ClassTokenConfig { EmbedDim = 8, DropProbability = 0.3 },
                _ => null,
            },
            Samples = new SampleSheetConfig { PerClass = 2, Steps = 2 },
            Training = Short,
        };
    }

    /// <summary>An experiment by a name such as "kl", "vq", "none", "class_label", "class_token uncached".</summary>
    public ExperimentConfig Experiment(string kind) =>
        kind switch
        {
            "kl" or "vq" => Autoencoder(kind),
            _ => Diffusion(kind.Split(' ')[0]) with
            {
                CacheLatents = !kind.EndsWith(" uncached", StringComparison.Ordinal),
            },
        };

    /// <summary>Trains in the folder <paramref name="run"/>.</summary>
    public TrainingResult Train(
        ExperimentConfig experiment,
        string run,
        long? steps = null,
        bool resume = false,
        Action<StepProgress>? progress = null,
        CancellationToken? cancellation = null,
        Action<string>? log = null
    ) =>
        new Trainer(experiment, _folder[run])
        {
            Resume = resume,
            Limit = new TrainingLimit(steps),
            Log = log ?? (_ => { }),
        }.Run(
            progress is null ? null : new ImmediateProgress(progress),
            cancellation ?? TestContext.Current.CancellationToken
        );

    /// <summary>The steps whose checkpoints a run has.</summary>
    public long[] CheckpointSteps(string run) => [.. CheckpointFolders.In(_folder[run]).Select(c => c.Step)];

    /// <summary>A file of a run's newest checkpoint.</summary>
    public string InNewest(string run, string file) => Path.Combine(CheckpointFolders.In(_folder[run])[^1].Path, file);

    /// <summary>The newest checkpoints of two runs hold the same files, byte for byte.</summary>
    public void AssertSameCheckpoint(string expected, string actual)
    {
        foreach (var file in new[] { ModelFile.FileName, "optimizer.safetensors", "trainer.json" })
        {
            Assert.True(
                File.ReadAllBytes(InNewest(expected, file))
                    .AsSpan()
                    .SequenceEqual(File.ReadAllBytes(InNewest(actual, file))),
                $"{file} differs"
            );
        }
    }

    public void Dispose() => _folder.Dispose();

    private ImageFolderConfig Images =>
        new()
        {
            Path = _folder["images"],
            Size = ImageSize,
            FlipProbability = 0.5,
        };

    private string WriteFirstStage(string kind)
    {
        var path = _folder[$"{kind}.safetensors"];
        if (!File.Exists(path))
        {
            torch.random.manual_seed(1);
            using var model = FirstStage(kind).Build();
            ModelFile.Write(
                path,
                new AutoencoderModelConfig { FirstStage = FirstStage(kind), ImageSize = ImageSize },
                ModuleState.Of(model),
                experiment: "",
                step: 0
            );
        }

        return path;
    }

    private static RgbImage CreateImage(int number)
    {
        var image = RgbImage.Filled(ImageSize, ImageSize, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (x, y, channel) = (i / 3 % ImageSize, i / 3 / ImageSize, i % 3);
            image.Pixels[i] = (byte)(number % 2 * 120 + x * (3 + number % 5) + y * (number % 3) + channel * 10);
        }

        return image;
    }

    /// <summary>Unlike <see cref="Progress{T}"/> reports on the calling thread, at once.</summary>
    private sealed class ImmediateProgress(Action<StepProgress> action) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => action(value);
    }
}
