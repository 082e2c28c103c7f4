using LatentDiffusion.Checkpoints;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>What training refuses says why in one line and leaves the run as it was.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class TrainerRefusalTests : IDisposable
{
    private readonly TinyTraining _tiny = new();

    [Fact]
    public void A_folder_with_a_run_is_not_overwritten_without_resume() =>
        AssertRefusesSecondRun(_tiny.Autoencoder("kl"), resume: false, "continue it with --resume");

    [Fact]
    public void Another_configuration_is_not_resumed()
    {
        var experiment = _tiny.Autoencoder("kl");
        AssertRefusesSecondRun(experiment with { Seed = 5 }, resume: true, "another configuration");
    }

    [Fact]
    public void Another_batch_size_is_not_resumed()
    {
        var experiment = _tiny.Autoencoder("kl");
        var other = experiment with { Training = experiment.Training with { BatchSize = 5 } };
        AssertRefusesSecondRun(other, resume: true, "another configuration");
    }

    [Fact]
    public void Length_and_log_settings_may_change()
    {
        var experiment = _tiny.Autoencoder("kl");
        _tiny.Train(experiment, "run", steps: 1);
        var longer = experiment with { Training = TinyTraining.Short with { Steps = 2, LogEvery = 7 } };

        Assert.Equal(2, _tiny.Train(longer, "run", resume: true).Step);
    }

    [Fact]
    public void Relative_paths_mean_the_same_when_a_run_is_resumed()
    {
        var experiment = _tiny.Autoencoder("kl") with
        {
            Data = new ImageFolderConfig
            {
                Path = Path.GetRelativePath(Directory.GetCurrentDirectory(), _tiny["images"]),
                Size = 8,
            },
        };
        _tiny.Train(experiment, "run", steps: 1);

        Assert.Equal(2, _tiny.Train(experiment, "run", steps: 2, resume: true).Step);
    }

    [Fact]
    public void A_diverging_run_keeps_its_last_checkpoint()
    {
        var experiment = _tiny.Autoencoder("kl") with
        {
            Optimizer = new OptimizerConfig { LearningRate = 1e30 },
            Training = TinyTraining.Short with { CheckpointEvery = 1, Steps = 20 },
        };

        var error = Assert.Throws<TrainingDivergedException>(() => _tiny.Train(experiment, "run"));

        Assert.Contains("lower optimizer.learning_rate", error.Message, StringComparison.Ordinal);
        foreach (var checkpoint in CheckpointFolders.In(_tiny["run"]))
        {
            var (firstStage, _) = LatentDiffusion.Models.ModelFile.LoadFirstStage(checkpoint.Path);
            using var disposed = firstStage;
            Assert.All(firstStage.parameters(), p => Assert.True(p.isfinite().all().item<bool>()));
        }
    }

    [Fact]
    public void A_conditioner_without_classes_is_refused()
    {
        var flat = Directory.CreateDirectory(_tiny["flat"]).FullName;
        File.Copy(Directory.GetFiles(_tiny["images/dark"])[0], Path.Combine(flat, "a.png"));
        var experiment = _tiny.Diffusion("class_label") with
        {
            Data = new ImageFolderConfig { Path = flat, Size = 8 },
        };

        AssertRefuses(experiment, "The conditioner needs classes");
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused()
    {
        var experiment = _tiny.Diffusion("class_token");
        AssertRefuses(experiment with { Conditioner = new ClassTokenConfig { EmbedDim = 9 } }, "embed_dim is 9");
        AssertRefuses(experiment with { Unet = experiment.Unet with { OutChannels = 4 } }, "out_channels 4");
        AssertRefuses(experiment with { FirstStage = _tiny["nowhere"] }, "There is no model at");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_damaged_training_state_is_named(string json)
    {
        _tiny.Train(_tiny.Autoencoder("kl"), "run", steps: 1);
        File.WriteAllText(_tiny.InNewest("run", "trainer.json"), json);

        var error = Assert.Throws<UserInputException>(() => _tiny.Train(_tiny.Autoencoder("kl"), "run", resume: true));
        Assert.Contains("trainer.json cannot be read", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _tiny.Dispose();

    private void AssertRefusesSecondRun(ExperimentConfig second, bool resume, string message)
    {
        _tiny.Train(_tiny.Autoencoder("kl"), "run", steps: 1);
        var before = Snapshot();

        var error = Assert.Throws<UserInputException>(() => _tiny.Train(second, "run", resume: resume));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, Snapshot());
    }

    private void AssertRefuses(ExperimentConfig experiment, string message)
    {
        var error = Assert.Throws<UserInputException>(() => _tiny.Train(experiment, "refused"));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(Directory.Exists(_tiny["refused"]));
    }

    private Dictionary<string, DateTime> Snapshot() =>
        Directory
            .GetFiles(_tiny["run"], "*", SearchOption.AllDirectories)
            .ToDictionary(path => path, File.GetLastWriteTimeUtc);
}
