using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>Runs that start from the weights of another run.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class WarmStartTests : IDisposable
{
    // So slow that a step changes nothing.
    private static readonly OptimizerConfig Standstill = new() { LearningRate = 1e-30 };

    private readonly TinyTraining _tiny = new();

    public static TheoryData<string> Kinds => ["kl", "vq", "none", "class_label", "class_token"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_run_starts_from_the_weights_that_another_ended_with(string kind)
    {
        _tiny.Train(_tiny.Experiment(kind), "first");
        var second = _tiny.Experiment(kind) with { InitFrom = _tiny["first"], Optimizer = Standstill, Seed = 99 };
        _tiny.Train(second, "second", steps: 1);

        using var first = SafetensorsFile.Open(_tiny.InNewest("first", ModelFile.FileName));
        using var file = SafetensorsFile.Open(_tiny.InNewest("second", ModelFile.FileName));
        Assert.Equal(first.Tensors.Keys.Order(), file.Tensors.Keys.Order());
        Assert.All(
            file.Tensors.Keys.Where(name => !name.StartsWith("model_ema.", StringComparison.Ordinal)),
            name => AssertSame(first, SourceOf(first, name), file, name)
        );
    }

    [Fact]
    public void The_new_averages_start_at_the_weights()
    {
        _tiny.Train(_tiny.Diffusion(), "first");
        _tiny.Train(_tiny.Diffusion() with { InitFrom = _tiny["first"], Optimizer = Standstill }, "second", steps: 1);

        using var file = SafetensorsFile.Open(_tiny.InNewest("second", ModelFile.FileName));
        using var updates = file.Read("model_ema.num_updates");
        Assert.Equal(1, updates.item<int>());
        Assert.All(
            file.Tensors.Keys.Where(name => name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal)),
            name => AssertSame(file, name, file, AverageOf(name))
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.25)]
    public void The_scale_factor_is_the_first_run_s_unless_the_configuration_has_one(double? configured)
    {
        _tiny.Train(_tiny.Diffusion() with { ScaleFactor = 0.75 }, "first");
        _tiny.Train(_tiny.Diffusion() with { InitFrom = _tiny["first"], ScaleFactor = configured }, "second");

        using var model = ModelFile.LoadLatentDiffusion(_tiny["second"]);
        Assert.Equal(configured ?? 0.75, model.ScaleFactor);
    }

    [Fact]
    public void Images_of_another_size_may_follow()
    {
        _tiny.Train(_tiny.Diffusion(), "first");
        var larger = _tiny.Diffusion() with { InitFrom = _tiny["first"] };

        Assert.Equal(6, _tiny.Train(larger with { Data = larger.Data with { Size = 16 } }, "second").Step);
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("class_token")]
    public void A_resumed_run_does_not_start_again(string kind)
    {
        _tiny.Train(_tiny.Experiment(kind), "first");
        var experiment = _tiny.Experiment(kind) with { InitFrom = _tiny["first"] };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment, "parts", steps: 2);
        Directory.Delete(_tiny["first"], recursive: true);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
    }

    [Fact]
    public void Where_a_run_starts_may_not_change()
    {
        _tiny.Train(_tiny.Diffusion(), "run", steps: 2);

        Assert.Throws<UserInputException>(() =>
            _tiny.Train(_tiny.Diffusion() with { InitFrom = _tiny["kl.safetensors"] }, "run", resume: true)
        );
    }

    [Fact]
    public void A_model_with_another_kind_of_condition_gives_its_UNet_alone()
    {
        foreach (var image in Directory.GetFiles(_tiny["images"], "*.png", SearchOption.AllDirectories))
        {
            File.WriteAllText(Path.ChangeExtension(image, ".txt"), "a red square");
        }

        var classes = _tiny.Diffusion("class_token");
        var text = classes with
        {
            Conditioner = new TextTransformerConfig
            {
                Tokenizer = SmallVocabulary.Write(_tiny["vocab.txt"]),
                EmbedDim = 8,
                Depth = 1,
                MaxLength = 6,
            },
            Optimizer = Standstill,
            Samples = classes.Samples with { Prompts = ["a red square"] },
        };
        List<string> log = [];
        _tiny.Train(classes, "first");
        _tiny.Train(text with { InitFrom = _tiny["first"] }, "second", steps: 1, log: log.Add);
        _tiny.Train(text, "fresh", steps: 1);

        Assert.Contains(log, line => line.Contains("another kind of condition", StringComparison.Ordinal));
        using var first = SafetensorsFile.Open(_tiny.InNewest("first", ModelFile.FileName));
        using var second = SafetensorsFile.Open(_tiny.InNewest("second", ModelFile.FileName));
        using var fresh = SafetensorsFile.Open(_tiny.InNewest("fresh", ModelFile.FileName));
        Assert.All(
            second.Tensors.Keys.Where(name => name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal)),
            name => AssertSame(first, AverageOf(name), second, name)
        );
        // Biases start at zero, from where even the smallest step leads away.
        Assert.All(
            second.Tensors.Keys.Where(name =>
                name.StartsWith(ModelTensors.ConditionerPrefix, StringComparison.Ordinal)
                && name.EndsWith(".weight", StringComparison.Ordinal)
            ),
            name => AssertSame(fresh, name, second, name)
        );
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused()
    {
        _tiny.Train(_tiny.Diffusion(), "narrow", steps: 1);
        var experiment = _tiny.Diffusion();
        var wider = experiment with { Unet = experiment.Unet with { ModelChannels = 64 } };

        AssertRefuses(wider with { InitFrom = _tiny["narrow"] }, "does not fit the model");
        AssertRefuses(experiment with { InitFrom = experiment.FirstStage }, "has no UNet");
        AssertRefuses(experiment with { InitFrom = _tiny["nowhere"] }, "There is no model at");
    }

    public void Dispose() => _tiny.Dispose();

    private void AssertRefuses(ExperimentConfig experiment, string message)
    {
        var error = Assert.Throws<UserInputException>(() => _tiny.Train(experiment, "refused"));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(Directory.Exists(_tiny["refused"]));
    }

    // A run starts from averages where there are any.
    private static string SourceOf(SafetensorsFile first, string name) =>
        first.Tensors.ContainsKey(AverageOf(name)) ? AverageOf(name) : name;

    private static string AverageOf(string name) =>
        "model_ema."
        + (name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : name).Replace(
            ".",
            "",
            StringComparison.Ordinal
        );

    private static void AssertSame(SafetensorsFile expected, string name, SafetensorsFile actual, string other)
    {
        using var scope = torch.NewDisposeScope();
        TensorAssert.Equal(actual.Read(other), expected.Read(name));
    }
}
