using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using LatentDiffusion.Tests.Cli;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

/// <summary>The bound of untrained models, whose UNet says zero.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class LikelihoodEvaluationTests : IDisposable
{
    private readonly Support.TemporaryFolder _folder = new();

    public LikelihoodEvaluationTests() => TinyRuns.WriteImages(_folder["images"], ["cat", "dog"], count: 5, size: 8);

    private ImageDataset Images =>
        new(ImageFolderSource.Open(_folder["images"]), new ImageTransform(8), seed: 0, cacheBytes: 0);

    [Fact]
    public void Parts_and_ranges_add_up()
    {
        using var model = Model(new IdentityConfig());
        List<StepProgress> reports = [];

        var summary = Measure(model, new LikelihoodRequest { Every = 3, Buckets = 4 }, reports.Add);

        Assert.Equal((5, 192, BoundDecoder.Pixels), (summary.Count, summary.Dimensions, summary.Kind));
        Assert.Equal(summary.Prior + summary.Diffusion + summary.Decoder, summary.BitsPerDim, 1e-9);
        Assert.Equal(summary.Diffusion, summary.Terms.Sum(t => t.BitsPerDim), 1e-9);
        Assert.Equal([(0, 4), (5, 9), (10, 14), (15, 19)], summary.Terms.Select(t => (t.First, t.Last)));
        Assert.True(summary.StandardError > 0);
        // Seven blocks of timesteps from 1 to 19, and the decoder.
        Assert.Equal(8, reports[^1].Done);
        Assert.Equal(8, reports[^1].Total);
    }

    [Fact]
    public void Scaled_pixels_keep_their_levels()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Model(new IdentityConfig());
        model.ScaleFactor = 0.25;
        var images = ImageTensors.FromImages([.. Enumerable.Range(0, 5).Select(Images.GetImage)]).mul(0.25);

        var summary = Measure(model, new LikelihoodRequest { Every = 20 });

        // The model says zero, whatever the noise.
        var bound = new VariationalBound(
            model.Process,
            (x, _) => torch.zeros_like(x),
            BoundDecoder.Pixels,
            range: 0.25
        );
        var expected = TensorAssert.Values(bound.Decoder(images, torch.zeros(images.shape))).Average();
        Assert.Equal(expected, summary.Decoder, 1e-6);
        Assert.True(summary.Decoder < 20, $"{summary.Decoder}");
    }

    [Fact]
    public void The_seed_alone_decides_the_numbers()
    {
        using var model = Model(TinyTraining.FirstStage("kl"));
        var request = new LikelihoodRequest { Every = 5, Count = 3 };

        var first = Measure(model, request);
        Assert.Equal((3, BoundDecoder.Continuous), (first.Count, first.Kind));
        Assert.Equal(first.BitsPerDim, Measure(model, request).BitsPerDim);
        Assert.NotEqual(first.BitsPerDim, Measure(model, request with { Seed = 1 }).BitsPerDim);
    }

    [Theory]
    [InlineData(Parameterization.Eps)]
    [InlineData(Parameterization.V)]
    public void Every_target_of_training_can_be_measured_with_its_condition(Parameterization target)
    {
        using var model = Model(new IdentityConfig(), target, new ClassLabelConfig());

        Assert.True(double.IsFinite(Measure(model, new LikelihoodRequest()).BitsPerDim));
    }

    [Fact]
    public void What_does_not_suit_the_model_is_named()
    {
        using var model = Model(new IdentityConfig());

        AssertRefuses("choose 1 to 20", new LikelihoodRequest { Every = 21 });
        AssertRefuses("choose at least 1", new LikelihoodRequest { Count = 0 });

        void AssertRefuses(string message, LikelihoodRequest request)
        {
            var error = Assert.Throws<UserInputException>(() => Measure(model, request));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void It_stops_when_asked_to()
    {
        using var model = Model(new IdentityConfig());
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
            new LikelihoodEvaluation(model).Measure(
                Images,
                new LikelihoodRequest(),
                new Reports(_ => stop.Cancel()),
                stop.Token
            )
        );
    }

    [Fact]
    public void Nothing_is_left_in_memory()
    {
        using var model = Model(TinyTraining.FirstStage("kl"), conditioner: new ClassLabelConfig());
        var request = new LikelihoodRequest { Every = 5, Count = 2 };
        Measure(model, request);

        LiveTensors.Unchanged(() => Measure(model, request));
    }

    public void Dispose() => _folder.Dispose();

    private LikelihoodSummary Measure(
        LatentDiffusionModel model,
        LikelihoodRequest request,
        Action<StepProgress>? report = null
    ) =>
        new LikelihoodEvaluation(model).Measure(
            Images,
            request,
            report is null ? null : new Reports(report),
            TestContext.Current.CancellationToken
        );

    private static LatentDiffusionModel Model(
        FirstStageConfig firstStage,
        Parameterization target = Parameterization.X0,
        ConditionerConfig? conditioner = null
    ) =>
        new(
            SmallModels.Pixels with
            {
                FirstStage = firstStage,
                Conditioner = conditioner,
                Classes = conditioner is null ? [] : ["dog", "fish"],
                Schedule = new NoiseScheduleConfig
                {
                    Timesteps = 20,
                    LinearStart = 0.01,
                    LinearEnd = 0.5,
                },
                Objective = new DiffusionObjectiveConfig { Parameterization = target },
            }
        );

    private sealed class Reports(Action<StepProgress> action) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => action(value);
    }
}
