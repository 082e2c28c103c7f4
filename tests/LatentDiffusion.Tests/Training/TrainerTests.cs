using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class TrainerTests : IDisposable
{
    private static readonly OptimizerConfig Scheduled = new()
    {
        LearningRate = 1e-3,
        WeightDecay = 0.01,
        Schedule = new LinearWarmupScheduleConfig { Steps = 4 },
        ClipNorm = 0.1,
    };

    private readonly TinyTraining _tiny = new();

    public static TheoryData<string> AllKinds =>
        ["kl", "vq", "none", "class_label", "class_token", "none uncached", "class_token uncached"];

    [Theory]
    [InlineData("kl", 0.7)]
    [InlineData("vq", 0.7)]
    [InlineData("none", 0.9)]
    [InlineData("class_label", 0.9)]
    [InlineData("class_token uncached", 0.9)]
    public void The_loss_falls(string kind, double to)
    {
        var experiment = _tiny.Experiment(kind);
        _tiny.Train(experiment with { Training = TinyTraining.Short with { Steps = 80, BatchSize = 8 } }, "run");

        var losses = MetricsFile.Read(_tiny["run/metrics.jsonl"]).Select(m => m["loss"]).ToList();
        Assert.Equal(80, losses.Count);
        Assert.True(losses[^20..].Average() < to * losses[..5].Average(), string.Join(" ", losses));
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void The_same_seed_gives_the_same_weights_and_another_seed_others(string kind)
    {
        var experiment = _tiny.Experiment(kind);
        _tiny.Train(experiment, "first");
        _tiny.Train(experiment, "second");
        _tiny.Train(experiment with { Seed = 24 }, "other");

        _tiny.AssertSameCheckpoint("first", "second");
        var weights = ReadTensors("first");
        Assert.Contains(ReadTensors("other"), t => !t.Value.SequenceEqual(weights[t.Key]));
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void A_resumed_run_equals_the_uninterrupted_one_bit_for_bit(string kind)
    {
        var experiment = _tiny.Experiment(kind);
        _tiny.Train(experiment, "whole");

        Assert.Equal(2, _tiny.Train(experiment, "parts", steps: 2).Step);
        var rest = _tiny.Train(experiment, "parts", resume: true);

        Assert.Equal((6, 4), (rest.Step, rest.StepsThisSession));
        _tiny.AssertSameCheckpoint("whole", "parts");
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("class_token")]
    [InlineData("none uncached")]
    public void A_resumed_run_with_accumulated_gradients_equals_the_uninterrupted_one(string kind)
    {
        var experiment = _tiny.Experiment(kind) with
        {
            Training = TinyTraining.Short with { Accumulate = 3, GradientCheckpointing = true },
        };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment, "parts", steps: 2);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("class_token")]
    public void A_resumed_run_with_a_schedule_and_clipping_equals_the_uninterrupted_one(string kind)
    {
        var experiment = _tiny.Experiment(kind) with { Optimizer = Scheduled };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment, "parts", steps: 2);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("none")]
    public void Learning_rate_and_gradient_norm_are_logged(string kind)
    {
        var experiment = _tiny.Experiment(kind) with
        {
            Optimizer = Scheduled with { ScaleLearningRate = true },
            Training = TinyTraining.Short with { Accumulate = 2 },
        };
        List<string> lines = [];
        _tiny.Train(experiment, "run", log: lines.Add);

        Assert.Contains("learning rate 0.001 x 4 images x 2 batches = 0.008", lines);
        var metrics = MetricsFile.Read(_tiny["run/metrics.jsonl"]);
        // The factors of the steps are 1/4, 2/4, 3/4, 1, 1, 1.
        Assert.Equal(
            [0.002, 0.004, 0.006, 0.008, 0.008, 0.008],
            metrics.Select(m => Math.Round(m["learning_rate"], 9))
        );
        Assert.All(metrics, m => Assert.True(m["gradient_norm"] > 0));
    }

    [Fact]
    public void Gradients_are_clipped_in_training()
    {
        // With so large an epsilon a step is as long as its gradient.
        var experiment = _tiny.Diffusion() with
        {
            Optimizer = new OptimizerConfig { LearningRate = 1e3, Epsilon = 1e3 },
        };
        _tiny.Train(experiment, "free", steps: 1);
        _tiny.Train(
            experiment with
            {
                Optimizer = experiment.Optimizer with { ClipNorm = 1e-12 },
            },
            "clipped",
            steps: 1
        );
        _tiny.Train(
            experiment with
            {
                Optimizer = experiment.Optimizer with { LearningRate = 1e-30 },
            },
            "still",
            steps: 1
        );

        Assert.True(LargestMove("free") > 1e-4);
        Assert.True(LargestMove("clipped") < 1e-9);

        double LargestMove(string run)
        {
            using var scope = torch.NewDisposeScope();
            using var before = SafetensorsFile.Open(_tiny.InNewest("still", ModelFile.FileName));
            using var after = SafetensorsFile.Open(_tiny.InNewest(run, ModelFile.FileName));
            return after
                .Tensors.Keys.Where(name => name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal))
                .Max(name => after.Read(name).sub(before.Read(name)).abs().max().item<float>());
        }
    }

    [Fact]
    public void Two_batches_of_four_accumulated_equal_one_of_eight()
    {
        var vq = _tiny.Autoencoder("vq");
        var model = (VqConfig)vq.Model;
        // Dropout would draw other numbers.
        vq = vq with
        {
            Model = model with { Network = model.Network with { Dropout = 0 } },
        };
        _tiny.Train(vq with { Training = TinyTraining.Short with { BatchSize = 8 } }, "whole");
        _tiny.Train(vq with { Training = TinyTraining.Short with { BatchSize = 4, Accumulate = 2 } }, "halves");

        var (whole, halves) = (Losses("whole"), Losses("halves"));
        Assert.Equal(6, whole.Length);
        Assert.All(whole.Zip(halves), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * pair.First));
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("class_token")]
    public void Gradient_checkpointing_follows_the_same_losses(string kind)
    {
        var experiment = _tiny.Experiment(kind);
        _tiny.Train(experiment, "without");
        _tiny.Train(experiment with { Training = TinyTraining.Short with { GradientCheckpointing = true } }, "with");

        Assert.All(Losses("without").Zip(Losses("with")), p => Assert.Equal(p.First, p.Second, 1e-4 * p.First));
    }

    [Fact]
    public void Accumulation_may_not_change_when_a_run_is_resumed()
    {
        var experiment = _tiny.Autoencoder("kl");
        _tiny.Train(experiment, "run", steps: 2);

        var changed = experiment with { Training = TinyTraining.Short with { Accumulate = 2 } };
        Assert.Throws<UserInputException>(() => _tiny.Train(changed, "run", resume: true));
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("class_token")]
    public void Drawing_sheets_does_not_change_the_course_of_training(string kind)
    {
        var experiment = _tiny.Experiment(kind);
        _tiny.Train(experiment, "without");
        _tiny.Train(experiment with { Training = TinyTraining.Short with { SampleEvery = 1 } }, "with");

        Assert.Equal(ReadTensors("without"), ReadTensors("with"));
        Assert.Equal(["step-00000006.png"], Sheets("without"));
        Assert.Equal(Enumerable.Range(1, 6).Select(step => $"step-{step:d8}.png"), Sheets("with"));
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("vq")]
    public void Cached_latents_train_as_encoding_in_every_step_does(string firstStage)
    {
        var experiment = _tiny.Diffusion(firstStage: firstStage);
        experiment = experiment with { Data = experiment.Data with { Rotate = true } };
        _tiny.Train(experiment with { CacheLatents = true }, "cached");
        _tiny.Train(experiment with { CacheLatents = false }, "encoded");

        var (cached, encoded) = (Losses("cached"), Losses("encoded"));
        Assert.Equal(6, cached.Length);
        // The encoder's batches differ, and with them its rounding.
        Assert.All(cached.Zip(encoded), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Diffusion_training_leaves_the_first_stage_as_it_is()
    {
        var experiment = _tiny.Diffusion();
        _tiny.Train(experiment, "run");

        using var file = SafetensorsFile.Open(experiment.FirstStage!);
        var trained = ReadTensors("run");
        Assert.All(
            file.Tensors.Keys,
            name => Assert.Equal(ReadBytes(file, name), trained[ModelTensors.FirstStagePrefix + name])
        );
    }

    [Fact]
    public void The_scale_factor_is_measured_on_the_first_batch_and_kept()
    {
        var experiment = _tiny.Diffusion(firstStage: "vq") with { CacheLatents = false };
        _tiny.Train(experiment, "run", steps: 1);
        var first = ReadScaleFactor("run");
        _tiny.Train(experiment, "run", resume: true);

        Assert.Equal(first, ReadScaleFactor("run"));
        Assert.Equal(1 / StandardDeviationOfFirstBatch(experiment), first, 1e-5 * first);
    }

    [Fact]
    public void Without_a_first_stage_pixels_are_diffused()
    {
        _tiny.Train(_tiny.Diffusion() with { FirstStage = null }, "run");

        using var model = ModelFile.LoadLatentDiffusion(_tiny["run"]);
        var image = new ImageSampler(model)
            .Sample(
                new SamplingRequest { Classes = [null], Steps = 2 },
                cancellation: TestContext.Current.CancellationToken
            )
            .Single();
        Assert.IsType<IdentityFirstStage>(model.FirstStage);
        Assert.Equal((model.Config.ImageSize, model.Config.ImageSize), (image.Width, image.Height));
    }

    [Fact]
    public void Workers_and_sheets_may_change_when_a_run_is_resumed()
    {
        var experiment = _tiny.Diffusion();
        _tiny.Train(experiment, "run", steps: 2);

        var changed = experiment with
        {
            Data = experiment.Data with { Workers = 2 },
            Samples = new SampleSheetConfig { PerClass = 1, Steps = 2 },
        };
        Assert.Equal(4, _tiny.Train(changed, "run", steps: 4, resume: true).Step);
    }

    [Fact]
    public void A_scale_factor_of_the_configuration_is_taken()
    {
        _tiny.Train(_tiny.Diffusion() with { ScaleFactor = 0.5 }, "run");

        Assert.Equal(0.5, ReadScaleFactor("run"));
    }

    public void Dispose() => _tiny.Dispose();

    private static double StandardDeviationOfFirstBatch(DiffusionExperiment experiment)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var (firstStage, _) = ModelFile.LoadFirstStage(experiment.FirstStage!);
        using var disposed = firstStage;
        var dataset = experiment.Data.OpenDataset(experiment.Seed);
        var batchSize = experiment.Training.BatchSize;
        using var loader = new BatchLoader(dataset, batchSize, workers: 0);
        var batch = loader.Next();
        var images = ImageTensors.FromPlanar(batch.Pixels, batch.Count, batch.Size, batch.Size);
        return firstStage.Encode(images).std().item<float>();
    }

    private double[] Losses(string run) => [.. MetricsFile.Read(_tiny[$"{run}/metrics.jsonl"]).Select(m => m["loss"])];

    private string[] Sheets(string run) =>
        [.. Directory.GetFiles(_tiny[$"{run}/sheets"]).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    private double ReadScaleFactor(string run)
    {
        using var file = SafetensorsFile.Open(_tiny.InNewest(run, ModelFile.FileName));
        using var factor = file.Read("scale_factor");
        return factor.item<double>();
    }

    private Dictionary<string, byte[]> ReadTensors(string run)
    {
        using var file = SafetensorsFile.Open(_tiny.InNewest(run, ModelFile.FileName));
        return file.Tensors.Keys.ToDictionary(name => name, name => ReadBytes(file, name));
    }

    private static byte[] ReadBytes(SafetensorsFile file, string name)
    {
        using var tensor = file.Read(name);
        return tensor.bytes.ToArray();
    }
}
