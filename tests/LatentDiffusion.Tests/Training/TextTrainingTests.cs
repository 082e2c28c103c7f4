using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Text;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class TextTrainingTests : IDisposable
{
    private readonly CaptionedShapes _shapes = new();

    [Fact]
    public void A_model_learns_to_draw_what_a_prompt_says()
    {
        Train(_shapes.Experiment with { Training = _shapes.Experiment.Training with { Steps = 100 } }, "run");
        using var model = ModelFile.LoadLatentDiffusion(_shapes["run"]);
        string[] prompts = [.. CaptionedShapes.Colours.Select(colour => $"a {colour} square")];

        var images = Sample(model, prompts.Select(Prompt.Plain), ConditionInput.None);

        Assert.Equal([0, 1, 2], images.Select(StrongestChannel));
        // Away from red: not what was red with nothing to lead away from.
        var red = Prompt.Plain("a red square");
        var away = Sample(model, [Prompt.Empty], new ConditionInput { Prompt = red })[0];
        Assert.NotEqual(0, StrongestChannel(away));
        // Twice as much of one word changes the picture.
        var weighted = Sample(model, [Prompt.Parse("a (red:2) square")], ConditionInput.None)[0];
        Assert.NotEqual(images[0].Pixels, weighted.Pixels);
    }

    [Fact]
    public void A_model_file_is_complete_alone_and_a_resumed_run_equals_the_uninterrupted_one()
    {
        Train(_shapes.Experiment, "whole");
        Train(_shapes.Experiment, "parts", steps: 2);
        Train(_shapes.Experiment, "parts", resume: true);
        File.Delete(_shapes["vocab.txt"]);

        using var whole = ModelFile.LoadLatentDiffusion(_shapes["whole"]);
        using var parts = ModelFile.LoadLatentDiffusion(_shapes["parts"]);
        Prompt[] prompts = [Prompt.Plain("a blue disc")];
        Assert.Equal(
            Sample(whole, prompts, ConditionInput.None)[0].Pixels,
            Sample(parts, prompts, ConditionInput.None)[0].Pixels
        );
        Assert.Equal(
            "disc",
            whole.Conditioner!.CutFrom(new ConditionInput { Prompt = Prompt.Plain("a red a red disc") })
        );
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(_shapes["whole"]));
        Assert.Contains("cond_stage_model.transformer.token_emb.weight", file.Tensors.Keys);
        Assert.DoesNotContain(file.Tensors.Keys, name => name.StartsWith("model_ema.cond", StringComparison.Ordinal));
    }

    [Fact]
    public void The_text_transformer_is_trained_and_its_unused_head_is_not()
    {
        var experiment = _shapes.Experiment;
        Train(experiment, "short", steps: 1);
        Train(experiment, "long", steps: 4);

        using var before = SafetensorsFile.Open(ModelLocation.Resolve(_shapes["short"]));
        using var after = SafetensorsFile.Open(ModelLocation.Resolve(_shapes["long"]));
        var conditioner = before.Tensors.Keys.Where(n => n.StartsWith("cond_stage_model.", StringComparison.Ordinal));
        Assert.All(
            conditioner,
            name =>
            {
                using var first = before.Read(name);
                using var last = after.Read(name);
                Assert.Equal(
                    !name.Contains("to_logits", StringComparison.Ordinal),
                    !TensorAssert.Values(first).SequenceEqual(TensorAssert.Values(last))
                );
            }
        );
    }

    [Fact]
    public void Text_and_class_together_are_two_conditioners()
    {
        foreach (var colour in CaptionedShapes.Colours)
        {
            Directory.CreateDirectory(_shapes[$"images/{colour}"]);
            foreach (var file in Directory.GetFiles(_shapes["images"], $"{colour}-*"))
            {
                File.Move(file, _shapes[$"images/{colour}/{Path.GetFileName(file)}"]);
            }
        }

        var experiment = Bound(
            _shapes.Experiment with
            {
                Conditioner = new HybridConfig { Parts = [_shapes.Text, new ClassLabelConfig()] },
                CacheLatents = false,
                Samples = _shapes.Experiment.Samples with { Prompts = ["a (red:1.2) disc"] },
            }
        );
        Train(experiment, "run");

        using var model = ModelFile.LoadLatentDiffusion(_shapes["run"]);
        Assert.Equal(["blue", "green", "red"], model.Config.Classes);
        var input = new ConditionInput { ClassId = 2, Prompt = Prompt.Plain("a red disc") };
        Assert.Single(
            new ImageSampler(model).Sample(
                new SamplingRequest
                {
                    Inputs = [input],
                    Steps = 2,
                    Guidance = 2,
                },
                cancellation: TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public void Clip_is_loaded_once_and_stays_as_it_is()
    {
        var path = _shapes["clip.safetensors"];
        using var clip = FormulaWeights.Fill(
            new ClipTextTransformer(SmallVocabulary.Tokenizer.VocabularySize, 6, 16, 1, 2)
        );
        using (torch.NewDisposeScope())
        {
            SafetensorsWriter.Write(
                path,
                ModuleState
                    .Of(clip)
                    .Select(t => KeyValuePair.Create($"cond_stage_model.{t.Key}", t.Value))
                    .Append(
                        KeyValuePair.Create(
                            "cond_stage_model.transformer.text_model.embeddings.position_ids",
                            torch.zeros(1, 6)
                        )
                    )
                    .Append(KeyValuePair.Create("model.other", torch.zeros(1))),
                null
            );
        }

        var experiment = _shapes.Experiment with
        {
            Conditioner = new ClipTextConfig
            {
                Tokenizer = _shapes.Text.Tokenizer,
                Weights = path,
                EmbedDim = 16,
                Depth = 1,
                Heads = 2,
                MaxLength = 6,
            },
        };
        Train(Bound(experiment), "run");
        File.Delete(path);

        using var model = ModelFile.LoadLatentDiffusion(_shapes["run"]);
        var (expected, actual) = (clip.state_dict(), model.Conditioner!.Network!.state_dict());
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, e => TensorAssert.Equal(actual[e.Key], e.Value));
        Assert.DoesNotContain(model.TrainableParameters(), p => p.Name.StartsWith("cond", StringComparison.Ordinal));
    }

    [Fact]
    public void Weights_are_not_used_with_another_vocabulary()
    {
        var (experiment, text) = (_shapes.Experiment, _shapes.Text);
        Train(experiment, "run", steps: 1);
        Train(experiment with { InitFrom = _shapes["run"] }, "same", steps: 1);
        var vocabulary = _shapes["vocab.txt"];
        File.WriteAllText(
            vocabulary,
            File.ReadAllText(vocabulary).Replace("\nblue\n", "\nblau\n", StringComparison.Ordinal)
        );

        AssertRefuses(
            "was trained with another vocabulary",
            experiment with
            {
                InitFrom = _shapes["run"],
                Conditioner = text with { Tokenizer = new WordPieceConfig { Vocabulary = vocabulary } },
            }
        );
    }

    [Fact]
    public void What_is_known_of_captions_is_logged()
    {
        File.Delete(_shapes["images/red-disc.txt"]);
        File.WriteAllText(_shapes["images/blue-disc.txt"], "a blue disc . a blue disc");
        List<string> log = [];
        Train(_shapes.Experiment, "run", log: log.Add);

        Assert.Contains(log, line => line.StartsWith("1 of 6 images have no caption", StringComparison.Ordinal));
        Assert.Contains(log, line => line.StartsWith("1 of 6 images have a caption longer", StringComparison.Ordinal));
    }

    [Fact]
    public void What_does_not_fit_together_is_named()
    {
        AssertRefuses(
            "conditioner.embed_dim is 8: must equal unet.context_dim (16)",
            _shapes.Experiment with
            {
                Conditioner = _shapes.Text with { EmbedDim = 8 },
            }
        );
        AssertRefuses(
            "must have at least two entries",
            _shapes.Experiment with
            {
                Conditioner = new HybridConfig { Parts = [_shapes.Text] },
            }
        );
        AssertRefuses(
            "/nowhere/vocab.txt cannot be read",
            _shapes.Experiment with
            {
                Conditioner = _shapes.Text with
                {
                    Tokenizer = new WordPieceConfig { Vocabulary = "/nowhere/vocab.txt" },
                },
            }
        );
        AssertRefuses(
            "set data.class_column",
            _shapes.Experiment with
            {
                Conditioner = new HybridConfig { Parts = [_shapes.Text, new ClassLabelConfig()] },
            }
        );
        foreach (var file in Directory.GetFiles(_shapes["images"], "*.txt"))
        {
            File.Delete(file);
        }

        AssertRefuses("The conditioner needs captions and the images have none", _shapes.Experiment);
    }

    public void Dispose() => _shapes.Dispose();

    private static IReadOnlyList<RgbImage> Sample(
        LatentDiffusionModel model,
        IEnumerable<Prompt> prompts,
        ConditionInput negative
    ) =>
        new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. prompts.Select(prompt => new ConditionInput { Prompt = prompt })],
                Negative = negative,
                Steps = 10,
                Guidance = 2,
                Seed = 5,
            },
            cancellation: TestContext.Current.CancellationToken
        );

    private static int StrongestChannel(RgbImage image)
    {
        var sums = Enumerable.Range(0, 3).Select(c => image.Pixels.Where((_, i) => i % 3 == c).Sum(p => p)).ToList();
        return sums.IndexOf(sums.Max());
    }

    private static DiffusionExperiment Bound(ExperimentConfig experiment) =>
        (DiffusionExperiment)ConfigDocument.Parse(ConfigWriter.ToYaml(experiment), "test").Bind<ExperimentConfig>();

    private void Train(
        ExperimentConfig experiment,
        string run,
        long? steps = null,
        bool resume = false,
        Action<string>? log = null
    ) =>
        new Trainer(experiment, _shapes[run])
        {
            Resume = resume,
            Limit = new TrainingLimit(steps),
            Log = log ?? (_ => { }),
        }.Run(null, TestContext.Current.CancellationToken);

    private void AssertRefuses(string message, ExperimentConfig experiment)
    {
        var error = Assert.ThrowsAny<UserInputException>(() => Train(Bound(experiment), "refused"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(Directory.Exists(_shapes["refused"]));
    }
}
