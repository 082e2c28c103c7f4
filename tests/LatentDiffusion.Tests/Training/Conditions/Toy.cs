using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using Xunit;

namespace LatentDiffusion.Tests.Training.Conditions;

/// <summary>
/// Images whose right answer is known, and an experiment small enough to learn them in seconds, in pixel space. Training seeds
/// process-wide random numbers: see <see cref="ProcessWideState"/>.
/// </summary>
internal sealed class Toy : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _size;

    /// <param name="size">Side of the images.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="draw">Image number i.</param>
    public Toy(int size, int count, Func<int, RgbImage> draw)
    {
        _size = size;
        Directory.CreateDirectory(_folder["images"]);
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(_folder[$"images/{i:d3}.png"], PngEncoder.Encode(draw(i)));
        }
    }

    public string this[string name] => _folder[name];

    /// <summary>The images.</summary>
    public ImageFolderConfig Images => new() { Path = _folder["images"], Size = _size };

    public DiffusionExperiment Experiment(ConditionerConfig? conditioner, int steps, int? contextDim = null) =>
        new()
        {
            Data = Images,
            Unet = new UnetConfig
            {
                InChannels = 3 + (conditioner?.ConcatenatedChannels(3) ?? 0),
                OutChannels = 3,
                ModelChannels = 32,
                ChannelMult = [1, 2],
                NumResBlocks = 1,
                AttentionResolutions = contextDim is null ? [] : [1, 2],
                NumHeads = 2,
                UseSpatialTransformer = contextDim is not null,
                ContextDim = contextDim,
            },
            Conditioner = conditioner,
            ScaleFactor = 1,
            EmaDecay = 0.9,
            Objective = new DiffusionObjectiveConfig { Parameterization = Parameterization.X0 },
            Optimizer = new OptimizerConfig { LearningRate = 2e-3 },
            Samples = new SampleSheetConfig
            {
                PerClass = 2,
                Steps = 2,
                Guidance = 1,
            },
            Training = new TrainingConfig
            {
                BatchSize = 8,
                Steps = steps,
                LogEvery = 1,
                SampleEvery = 0,
            },
        };

    /// <summary>Trains what a file with this experiment would describe.</summary>
    public void Train(DiffusionExperiment experiment, string run, long? steps = null, bool resume = false) =>
        new Trainer(
            ConfigDocument.Parse(ConfigWriter.ToYaml(experiment), "toy.yaml").Bind<ExperimentConfig>(),
            _folder[run]
        )
        {
            Resume = resume,
            Limit = new TrainingLimit(steps),
        }.Run(cancellation: TestContext.Current.CancellationToken);

    public LatentDiffusionModel Load(string run) => ModelFile.LoadLatentDiffusion(_folder[run]);

    /// <summary>A resumed run ends with the weights of the uninterrupted one.</summary>
    public void AssertResumesBitForBit(DiffusionExperiment experiment)
    {
        Train(experiment, "whole", steps: 3);
        Train(experiment, "parts", steps: 1);
        Train(experiment, "parts", steps: 3, resume: true);
        using var whole = Load("whole");
        using var parts = Load("parts");
        Assert.All(
            whole.TrainableParameters().Zip(parts.TrainableParameters()),
            pair => Assert.Equal(TensorAssert.Values(pair.First.Parameter), TensorAssert.Values(pair.Second.Parameter))
        );
        Assert.True(Directory.EnumerateFiles(_folder["whole"], "*.png", SearchOption.AllDirectories).Any(), "no sheet");
    }

    /// <summary>Training is refused in one line, and no run is begun.</summary>
    public void AssertRefuses(string message, DiffusionExperiment experiment)
    {
        var error = Assert.Throws<LatentDiffusion.Errors.UserInputException>(() => Train(experiment, "refused"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(Directory.Exists(_folder["refused"]));
    }

    public void Dispose() => _folder.Dispose();
}
