using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>What diffusion training has besides the simple loss: other objectives, validation, sheets.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class DiffusionTrainingTests : IDisposable
{
    private static readonly DiffusionObjectiveConfig Everything = new()
    {
        Parameterization = Parameterization.V,
        VlbWeight = 1e-3,
        LearnLogvar = true,
        MinSnrGamma = 5,
        OffsetNoise = 0.1,
    };

    private readonly TinyTraining _tiny = new();

    private ValidationConfig Validation =>
        new()
        {
            Images = new ImageFolderConfig { Path = _tiny["images"], Size = 8 },
            Every = 2,
            Buckets = 4,
            Count = 7,
        };

    [Fact]
    public void A_resumed_run_with_every_objective_and_validation_equals_the_uninterrupted_one()
    {
        var experiment = _tiny.Diffusion("class_label") with
        {
            Objective = Everything,
            Schedule = new NoiseScheduleConfig { ZeroTerminalSnr = true },
            Validation = Validation,
            Optimizer = new OptimizerConfig { LearningRate = 1e-3, ClipNorm = 1 },
            Training = TinyTraining.Short with { Accumulate = 2 },
        };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment, "parts", steps: 3);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
        // The session that ended early has measured once more than the whole run.
        Assert.Equal(Log("whole").Select(m => Of(m, "loss")), Log("parts").Select(m => Of(m, "loss")));
        Assert.Equal(Of(Log("whole")[^1], "validation/loss_ema"), Of(Log("parts")[^1], "validation/loss_ema"));

        static (double, double) Of(IReadOnlyDictionary<string, double> line, string name) => (line["step"], line[name]);
    }

    [Fact]
    public void Learned_log_variances_are_saved_as_published_checkpoints_save_them()
    {
        _tiny.Train(_tiny.Diffusion() with { Objective = Everything }, "learned");
        _tiny.Train(_tiny.Diffusion(), "plain");

        using var plain = SafetensorsFile.Open(_tiny.InNewest("plain", ModelFile.FileName));
        Assert.DoesNotContain("logvar", plain.Tensors.Keys);
        using var learned = SafetensorsFile.Open(_tiny.InNewest("learned", ModelFile.FileName));
        using var logVariances = learned.Read("logvar");
        Assert.Equal([1000], logVariances.shape);
        Assert.Contains(TensorAssert.Values(logVariances), v => v != 0);
        Assert.DoesNotContain("model_ema.logvar", learned.Tensors.Keys);
        Assert.Contains("logvar", Log("learned")[0].Keys);
        using var model = ModelFile.LoadLatentDiffusion(_tiny["learned"]);
        TensorAssert.Equal(model.LogVariances!, logVariances);
    }

    [Fact]
    public void A_run_may_learn_log_variances_that_its_start_did_not_have()
    {
        _tiny.Train(_tiny.Diffusion(), "first");
        _tiny.Train(
            _tiny.Diffusion() with
            {
                InitFrom = _tiny["first"],
                Objective = new DiffusionObjectiveConfig { LearnLogvar = true, LogvarInit = 0.5 },
            },
            "second",
            steps: 1
        );

        Assert.Equal(0.5, Log("second")[0]["logvar"], 0.01);
    }

    [Fact]
    public void Validation_is_logged_as_often_as_wanted_by_range_of_timesteps()
    {
        _tiny.Train(_tiny.Diffusion("class_token") with { Validation = Validation }, "run", steps: 5);

        var log = Log("run");
        Assert.Equal(
            [2, 4, 5],
            log.Where(m => m.ContainsKey("validation/loss") && m.ContainsKey("validation/loss_ema"))
                .Select(m => m["step"])
        );
        foreach (var name in new[] { "loss", "loss_ema" })
        {
            var ranges = new[] { "0-249", "250-499", "500-749", "750-999" };
            var values = ranges.Select(r => log[^1][$"validation/{name}_t{r}"]).ToList();
            Assert.Equal(log[^1][$"validation/{name}"], values.Average(), 0.1);
        }

        Assert.Equal(10, log[^1].Keys.Count(k => k.StartsWith("validation/", StringComparison.Ordinal)));
        var events = File.ReadAllBytes(
            Directory.GetFiles(_tiny["run/tensorboard"], "*", SearchOption.AllDirectories).Single()
        );
        Assert.True(events.AsSpan().IndexOf("validation/loss_ema_t0-249"u8) > 0);
        Assert.True(events.AsSpan().IndexOf("train/loss"u8) > 0);
        Assert.Equal(-1, events.AsSpan().IndexOf("train/validation"u8));
    }

    [Fact]
    public void Drawing_a_sheet_tells_its_progress()
    {
        List<string> told = [];
        _tiny.Train(_tiny.Diffusion(), "run", steps: 1, progress: p => told.Add(p.Task));

        Assert.Equal(["train latent diffusion", "sample", "sample"], told.SkipWhile(task => task == "encode images"));
    }

    [Fact]
    public void Validation_is_the_same_in_runs_with_other_seeds_and_another_scale_of_batches()
    {
        _tiny.Train(_tiny.Diffusion("class_label"), "start");
        var still = _tiny.Diffusion("class_label") with
        {
            InitFrom = _tiny["start"],
            Validation = Validation,
            Optimizer = new OptimizerConfig { LearningRate = 1e-30 },
        };
        _tiny.Train(still, "first", steps: 2);
        _tiny.Train(still with { Seed = 99 }, "second", steps: 4);

        var (first, second) = (Measured("first"), Measured("second"));
        Assert.Equal(10, first[^1].Count);
        Assert.All(second, m => Assert.Equal(first[^1], m));

        List<Dictionary<string, double>> Measured(string run) =>
            [
                .. Log(run)
                    .Where(m => m.ContainsKey("validation/loss"))
                    .Select(m =>
                        m.Where(p => p.Key.StartsWith("validation/", StringComparison.Ordinal)).ToDictionary()
                    ),
            ];
    }

    [Fact]
    public void Validation_does_not_change_the_course_of_training_and_may_change_when_a_run_is_resumed()
    {
        var experiment = _tiny.Diffusion("class_label");
        _tiny.Train(experiment, "without");
        _tiny.Train(experiment with { Validation = Validation with { Every = 1 } }, "with", steps: 3);
        _tiny.Train(experiment, "with", resume: true);

        _tiny.AssertSameCheckpoint("without", "with");
    }

    [Fact]
    public void Sheets_may_show_averaged_and_raw_weights_together()
    {
        var experiment = _tiny.Diffusion();
        var averaged = Sheet(SheetWeights.Averaged);
        var raw = Sheet(SheetWeights.Raw);
        var both = Sheet(SheetWeights.Both);

        Assert.Equal((averaged.Width, averaged.Height), (raw.Width, raw.Height));
        Assert.NotEqual(averaged.Pixels, raw.Pixels);
        Assert.True(both.Height >= 2 * averaged.Height);

        RgbImage Sheet(SheetWeights weights)
        {
            var run = $"{weights}";
            _tiny.Train(experiment with { Samples = experiment.Samples with { Weights = weights, Seed = 5 } }, run);
            var file = Directory.GetFiles(_tiny[$"{run}/sheets"]).Single();
            return ImageDecoder.Decode(File.ReadAllBytes(file), file);
        }
    }

    [Fact]
    public void What_does_not_fit_together_is_named()
    {
        AssertRefuses(
            "use v or x0",
            _tiny.Diffusion() with
            {
                Schedule = new NoiseScheduleConfig { ZeroTerminalSnr = true },
            }
        );
        AssertRefuses(
            "must equal the training images' size, 8",
            _tiny.Diffusion() with
            {
                Validation = Validation with { Images = Validation.Images with { Size = 16 } },
            }
        );
        AssertRefuses(
            "must not exceed the schedule's 2 timesteps",
            _tiny.Diffusion() with
            {
                Schedule = new NoiseScheduleConfig { Betas = [0.1, 0.2] },
                Validation = Validation,
            }
        );
        AssertRefuses(
            "The classes of validation.images () are not those of the training images (dark, light)",
            _tiny.Diffusion("class_label") with
            {
                Validation = Validation with
                {
                    Images = new ImageFolderConfig { Path = Path.Combine(_tiny["images"], "dark"), Size = 8 },
                },
            }
        );
    }

    public void Dispose() => _tiny.Dispose();

    private IReadOnlyList<IReadOnlyDictionary<string, double>> Log(string run) =>
        MetricsFile.Read(_tiny[$"{run}/metrics.jsonl"]);

    private void AssertRefuses(string message, ExperimentConfig experiment)
    {
        var error = Assert.ThrowsAny<UserInputException>(() =>
            _tiny.Train(
                ConfigDocument.Parse(ConfigWriter.ToYaml(experiment), "test").Bind<ExperimentConfig>(),
                "refused"
            )
        );
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(Directory.Exists(_tiny["refused"]));
    }
}
