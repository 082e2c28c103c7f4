using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Trainers;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class ClassifierTests : IDisposable
{
    private readonly TinyTraining _tiny = new();

    private ClassifierExperiment Experiment =>
        new()
        {
            Sources =
            [
                new ClassifierSourceConfig
                {
                    Name = "shades",
                    Share = 2,
                    Data = Images,
                    Augmentation = new ShiftConfig { Pixels = 1 },
                    Validation = Images,
                },
                new ClassifierSourceConfig
                {
                    Name = "single",
                    Data = Images with { FlipProbability = 0.5 },
                    Labels = ClassifierLabels.Exemplar,
                    Augmentation = new ResizedCropConfig { Size = 8, MinArea = 0.8 },
                },
            ],
            Network = new FeatureClassifierConfig { Channels = [16, 16], Convolutions = 1 },
            Optimizer = new OptimizerConfig { LearningRate = 1e-2 },
            Training = TinyTraining.Short with { BatchSize = 12 },
        };

    private ImageFolderConfig Images => new() { Path = _tiny["images"], Size = 8 };

    [Fact]
    public void It_learns_classes_and_exemplars_together()
    {
        _tiny.Train(Experiment with { Training = Experiment.Training with { Steps = 100 } }, "run");

        var log = MetricsFile.Read(_tiny["run/metrics.jsonl"]);
        Assert.Equal(100, log.Count);
        foreach (var (metric, to) in new[] { ("loss_shades", 0.6), ("loss_single", 0.9) })
        {
            var losses = log.Select(m => m[metric]).ToList();
            Assert.True(losses[^10..].Average() < to * losses[..5].Average(), string.Join(" ", losses));
        }

        Assert.Equal((2 * log[7]["loss_shades"] + log[7]["loss_single"]) / 3, log[7]["loss"], 1e-5);
        Assert.Equal(1, log[^1]["accuracy_shades"], 0.05);
        Assert.DoesNotContain("accuracy_single", log[^1].Keys);
        Assert.DoesNotContain("accuracy_shades", log[50].Keys);
        Assert.True(File.Exists(_tiny["run/sheets/step-00000100.png"]));
    }

    [Fact]
    public void Accuracy_is_logged_with_every_sheet()
    {
        var training = Experiment.Training with { SampleEvery = 2, LogEvery = 4 };
        _tiny.Train(Experiment with { Training = training }, "run");

        var log = MetricsFile.Read(_tiny["run/metrics.jsonl"]);
        Assert.Equal([2, 4, 6], log.Select(m => m["step"]));
        Assert.All(log, m => Assert.InRange(m["accuracy_shades"], 0, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_resumed_run_equals_the_uninterrupted_one_bit_for_bit(int accumulate)
    {
        var experiment = Experiment with { Training = Experiment.Training with { Accumulate = accumulate } };
        _tiny.Train(experiment, "whole");

        _tiny.Train(experiment, "parts", steps: 2);
        // Neither sheets nor threads change the course.
        var other = experiment with
        {
            Sources = [.. experiment.Sources.Select(s => s with { Data = s.Data with { Workers = 0 } })],
            Training = experiment.Training with { SampleEvery = 1 },
        };
        _tiny.Train(other, "parts", resume: true);

        // The files also tell the settings that may change.
        Assert.Equal(Weights("whole"), Weights("parts"));
    }

    [Fact]
    public void The_features_come_back_from_the_run_folder()
    {
        _tiny.Train(Experiment, "shapes");

        using var network = ModelFile.LoadFeatureNetwork(_tiny["shapes"]);

        using var scope = torch.NewDisposeScope();
        var images = torch.rand(2, 3, 8, 8);
        Assert.Equal(("shapes", 16), (network.Name, network.EmbeddingSize));
        Assert.Equal([2, 16], network.Embed(images).shape);
        Assert.False(network.Embed(images).requires_grad);
        Assert.Equal(2, network.Stages(images).Count);
    }

    [Fact]
    public void Kinds_of_models_are_not_mixed_up()
    {
        _tiny.Train(Experiment, "classifier", steps: 1);
        _tiny.Train(_tiny.Autoencoder("kl"), "autoencoder", steps: 1);

        AssertSays("is no feature network", () => ModelFile.LoadFeatureNetwork(_tiny["autoencoder"]));
        AssertSays("is a classifier and has no first stage", () => ModelFile.LoadFirstStage(_tiny["classifier"]));
        AssertSays("is a classifier, which", () => ModelFile.LoadLatentDiffusion(_tiny["classifier"]));
    }

    [Fact]
    public void Accuracy_is_the_share_of_images_given_their_own_class()
    {
        using var network = new FeatureClassifier(
            new FeatureClassifierConfig { Channels = [16], Convolutions = 1 },
            [new ClassifierHeadConfig { Name = "shades", Classes = 2 }]
        );
        network.eval();
        File.Delete(Path.Combine(_tiny["images"], "dark", "00.png"));
        var dataset = Images.OpenDataset(seed: 1);
        var evaluation = new ClassifierEvaluation(network, head: 0);

        // Of 9 dark and 10 light images; nothing but the bias decides.
        Assert.Equal([9 / 19.0, 10 / 19.0], new[] { 0, 1 }.Select(AccuracyOfAlways));

        double AccuracyOfAlways(int chosen)
        {
            using var noGradient = torch.no_grad();
            var state = network.state_dict();
            state["heads.shades.weight"].zero_();
            state["heads.shades.bias"].zero_();
            state["heads.shades.bias"][chosen] = 1;
            return evaluation.Accuracy(dataset, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(128, new[] { 104, 16, 8 })]
    [InlineData(64, new[] { 52, 8, 4 })]
    [InlineData(10, new[] { 8, 1, 1 })]
    public void Shares_fill_every_batch(int batchSize, int[] expected)
    {
        var experiment = Experiment with
        {
            Sources = [.. new[] { 6.5, 1, 0.5 }.Select(share => Experiment.Sources[0] with { Share = share })],
            Training = Experiment.Training with { BatchSize = batchSize },
        };

        Assert.Equal(expected, experiment.ImagesPerBatch());
        Assert.Equal(batchSize, experiment.ImagesPerBatch().Sum());
    }

    [Fact]
    public void What_cannot_be_trained_on_is_named()
    {
        var (classes, exemplars) = (Experiment.Sources[0], Experiment.Sources[1]);
        var nowhere = new ImageFolderConfig { Path = _tiny["nowhere"], Size = 8 };
        var dark = new ImageFolderConfig { Path = Path.Combine(_tiny["images"], "dark"), Size = 8 };

        AssertRefuses("does not exist", classes with { Data = nowhere });
        AssertRefuses("does not exist", classes with { Validation = nowhere });
        AssertRefuses("The images of shades have no classes", classes with { Data = dark });
        AssertRefuses("The images of shades.validation have no classes", classes with { Validation = dark });
        AssertRefuses(
            "shades.validation has images of 16 pixels",
            classes with
            {
                Validation = Images with { Size = 16 },
            }
        );
        AssertRefuses("every source must have a name of its own", classes, exemplars with { Name = "shades" });
        AssertRefuses("must be letters, digits", classes with { Name = "a.b" });
        AssertRefuses(
            "sizes after augmentation must be equal",
            classes,
            exemplars with
            {
                Augmentation = new ResizedCropConfig { Size = 4 },
            }
        );
        AssertRefuses("other images are no exemplars", exemplars with { Validation = Images });
        AssertRefuses("is too small for the shares", classes with { Share = 1000 }, exemplars);
        AssertRefuses("must have at least one source");
    }

    [Fact]
    public void Validation_needs_the_same_classes()
    {
        Directory.CreateDirectory(Path.Combine(_tiny["other"], "grey"));
        File.Copy(Path.Combine(_tiny["images"], "dark", "00.png"), Path.Combine(_tiny["other"], "grey", "00.png"));

        AssertRefuses(
            "The classes of shades.validation (grey) are not those of the training images (dark, light)",
            Experiment.Sources[0] with
            {
                Validation = Images with { Path = _tiny["other"] },
            }
        );
    }

    public void Dispose() => _tiny.Dispose();

    // As a file would be read: what the record checks is checked, too.
    private void AssertRefuses(string message, params ClassifierSourceConfig[] sources) =>
        AssertSays(
            message,
            () =>
            {
                var yaml = ConfigWriter.ToYaml(Experiment with { Sources = sources });
                _tiny.Train(ConfigDocument.Parse(yaml, "test").Bind<ExperimentConfig>(), "refused");
            }
        );

    private static void AssertSays(string message, Action action)
    {
        var error = Assert.ThrowsAny<UserInputException>(action);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private Dictionary<string, byte[]> Weights(string run)
    {
        Dictionary<string, byte[]> all = [];
        foreach (var name in new[] { ModelFile.FileName, "optimizer.safetensors" })
        {
            using var file = LatentDiffusion.Checkpoints.Safetensors.SafetensorsFile.Open(_tiny.InNewest(run, name));
            foreach (var tensor in file.Tensors.Keys)
            {
                using var read = file.Read(tensor);
                all[$"{name}: {tensor}"] = read.bytes.ToArray();
            }
        }

        return all;
    }
}
