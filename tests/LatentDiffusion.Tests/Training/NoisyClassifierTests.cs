using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>Classifiers of noisy latents, trained on dark and light images.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class NoisyClassifierTests : IDisposable
{
    private readonly TinyTraining _tiny = new();

    private ImageFolderConfig Images => new() { Path = _tiny["images"], Size = 8 };

    private NoisyClassifierExperiment Experiment =>
        new()
        {
            Data = Images,
            Network = new EncoderUnetConfig
            {
                ModelChannels = 32,
                ChannelMult = [1],
                NumResBlocks = 1,
                Dropout = 0.1,
            },
            Optimizer = new OptimizerConfig { LearningRate = 1e-3, WeightDecay = 0.01 },
            Validation = new ValidationConfig { Images = Images, Buckets = 4 },
            Training = TinyTraining.Short,
        };

    [Fact]
    public void It_learns_to_see_through_little_noise_and_steers_towards_a_class()
    {
        _tiny.Train(Experiment with { Training = TinyTraining.Short with { Steps = 80, BatchSize = 8 } }, "run");

        var log = Log("run");
        Assert.True(log.Skip(60).Average(m => m["loss"]) < 0.6 * log.Take(5).Average(m => m["loss"]));
        var last = log[^1];
        Assert.True(last["validation/top1_t0-249"] > 0.9, $"{last["validation/top1_t0-249"]}");
        Assert.True(last["validation/top1_t0-249"] >= last["validation/top1_t750-999"]);
        Assert.Equal(1, last["validation/top5"]);
        Assert.DoesNotContain("validation/top1", log[40].Keys);
        Assert.InRange(log[40]["top1"], 0, 1);
        Assert.True(File.Exists(_tiny["run/sheets/step-00000080.png"]));

        using var scope = torch.NewDisposeScope();
        using var model = ModelFile.LoadNoisyClassifier(_tiny["run"]);
        Assert.Equal(["dark", "light"], model.Config.Classes);
        var noisy = torch.zeros(2, 3, 8, 8);
        var (timesteps, labels) = (torch.tensor(new[] { 50L, 300L }), torch.tensor(new[] { 0L, 1L }));
        var before = TensorAssert.Values(model.LogProbability(noisy, timesteps, labels));
        var gradient = model.Gradient(noisy, timesteps, labels);
        var step = gradient.div(gradient.abs().amax([1, 2, 3], keepdim: true)).mul(0.2);
        var after = TensorAssert.Values(model.LogProbability(noisy.add(step), timesteps, labels));
        Assert.All(before.Zip(after), pair => Assert.True(pair.Second > pair.First));
        // Away from dark is towards light.
        var mean = TensorAssert.Values(gradient.mean([1, 2, 3]));
        Assert.True(mean[0] < 0 && mean[1] > 0, string.Join(" ", mean));
    }

    [Fact]
    public void Probabilities_sum_to_one_and_the_gradient_is_theirs()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Untrained();
        // A timestep may lie between two.
        var (noisy, timesteps) = (FormulaInput.X([2, 3, 8, 8]), torch.tensor(new[] { 17.5f, 503f }));
        var ones = torch.ones(2, dtype: torch.int64);

        var sum = model
            .LogProbability(noisy, timesteps, ones)
            .exp()
            .add(model.LogProbability(noisy, timesteps, ones.mul(0)).exp());
        TensorAssert.Close(sum, [1, 1], 1e-6);

        torch.Tensor gradient;
        using (torch.no_grad())
        {
            gradient = model.Gradient(noisy, timesteps, ones);
        }

        Assert.False(gradient.requires_grad);
        model.Network.to(torch.float64);
        var direction = FormulaInput.X([2, 3, 8, 8], 0.7).to(torch.float64);
        var exact = noisy.to(torch.float64);
        var (above, below) = (At(1e-4), At(-1e-4));
        var slope = above.sub(below).div(2e-4);
        TensorAssert.Close(gradient.to(torch.float64).mul(direction).sum([1, 2, 3]), slope, 1e-3);

        torch.Tensor At(double length) =>
            model.LogProbability(exact.add(direction.mul(length)), timesteps, ones).detach();
    }

    [Fact]
    public void Guidance_leaves_nothing_in_memory()
    {
        _tiny.Train(Experiment, "run", steps: 1);
        using var model = ModelFile.LoadNoisyClassifier(_tiny["run"]);
        using var noisy = FormulaInput.X([2, 3, 8, 8]);
        using var timesteps = torch.tensor(new[] { 17L, 503L });
        using var labels = torch.tensor(new[] { 0L, 1L });

        Assert.All(model.Network.parameters(), p => Assert.False(p.requires_grad));
        model.Gradient(noisy, timesteps, labels).Dispose();
        LiveTensors.Unchanged(() => model.Gradient(noisy, timesteps, labels).Dispose());
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void A_resumed_run_equals_the_uninterrupted_one_bit_for_bit(bool cached, int accumulate)
    {
        var experiment = Experiment with
        {
            FirstStage = _tiny.Diffusion().FirstStage,
            CacheLatents = cached,
            Training = TinyTraining.Short with { Accumulate = accumulate },
        };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment with { Validation = null }, "parts", steps: 2);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
        Assert.Contains("training/top1_t0-99", Log("parts")[1].Keys);
    }

    [Fact]
    public void Schedule_and_scale_are_those_of_the_model_to_guide()
    {
        var schedule = new NoiseScheduleConfig { Schedule = BetaSchedule.Cosine, Timesteps = 50 };
        _tiny.Train(_tiny.Diffusion() with { Schedule = schedule, ScaleFactor = 0.3 }, "guided", steps: 1);
        _tiny.Train(Experiment with { FirstStage = _tiny["guided"] }, "classifier", steps: 1);

        using var model = ModelFile.LoadNoisyClassifier(_tiny["classifier"]);
        Assert.Equal((0.3, 50), (model.ScaleFactor, model.Process.Schedule.Timesteps));
        using var guided = ModelFile.LoadLatentDiffusion(_tiny["guided"]);
        Assert.All(
            guided.FirstStage.parameters().Zip(model.FirstStage.parameters()),
            pair => TensorAssert.Equal(pair.Second, pair.First)
        );
    }

    [Fact]
    public void A_run_starts_from_the_weights_of_another()
    {
        _tiny.Train(Experiment, "first");
        var still = new OptimizerConfig { LearningRate = 1e-30 };
        _tiny.Train(Experiment with { InitFrom = _tiny["first"], Optimizer = still, Seed = 99 }, "second", steps: 1);

        using var first = ModelFile.LoadNoisyClassifier(_tiny["first"]);
        using var second = ModelFile.LoadNoisyClassifier(_tiny["second"]);
        Assert.Equal(first.ScaleFactor, second.ScaleFactor);
        Assert.All(
            first.Network.parameters().Zip(second.Network.parameters()),
            pair => TensorAssert.Equal(pair.Second, pair.First)
        );
    }

    [Fact]
    public void What_cannot_be_trained_is_named()
    {
        _tiny.Train(Experiment, "classifier", steps: 1);
        var dark = Images with { Path = Path.Combine(_tiny["images"], "dark") };

        AssertSays("is a classifier, which", () => ModelFile.LoadLatentDiffusion(_tiny["classifier"]));
        AssertSays(
            "is no classifier of noisy latents",
            () => ModelFile.LoadNoisyClassifier(_tiny.Diffusion().FirstStage!)
        );
        AssertRefuses("have 0 classes", Experiment with { Data = dark });
        AssertRefuses(
            "The classes of validation.images ()",
            Experiment with
            {
                Validation = new ValidationConfig { Images = dark },
            }
        );
        AssertRefuses(
            "cannot be split so",
            Experiment with
            {
                Network = Experiment.Network with { NumHeadChannels = 48 },
            }
        );
        AssertRefuses(
            "no multiple of 16",
            Experiment with
            {
                Network = Experiment.Network with { ChannelMult = [1, 1, 1, 1, 1] },
            }
        );
    }

    public void Dispose() => _tiny.Dispose();

    private NoisyLatentClassifier Untrained()
    {
        var model = new NoisyLatentClassifier(
            new NoisyClassifierModelConfig
            {
                FirstStage = new LatentDiffusion.Networks.Autoencoders.IdentityConfig(),
                ImageSize = 8,
                Network = Experiment.Network,
                Classes = ["dark", "light"],
            }
        );
        model.Network.eval();
        model.Network.WithoutZeroWeights();
        return model;
    }

    private IReadOnlyList<IReadOnlyDictionary<string, double>> Log(string run) =>
        MetricsFile.Read(_tiny[$"{run}/metrics.jsonl"]);

    private void AssertRefuses(string message, ExperimentConfig experiment) =>
        AssertSays(
            message,
            () =>
                _tiny.Train(
                    ConfigDocument.Parse(ConfigWriter.ToYaml(experiment), "test").Bind<ExperimentConfig>(),
                    "refused"
                )
        );

    private static void AssertSays(string message, Func<object> action)
    {
        var error = Assert.ThrowsAny<UserInputException>(action);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
