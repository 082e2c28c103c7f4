using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Experiments;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Data;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines.Experiments;

public sealed class SamplerExperimentTests : IDisposable
{
    private static readonly LatentDiffusionModelConfig Unconditional = new()
    {
        FirstStage = new IdentityConfig(),
        ImageSize = 8,
        Unet = new UnetConfig
        {
            InChannels = 3,
            OutChannels = 3,
            ModelChannels = 32,
            ChannelMult = [1],
            NumResBlocks = 1,
            NumHeads = 1,
        },
    };

    private readonly LatentDiffusionModel _model = new(Unconditional);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_cell_draws_what_the_sampler_draws_and_compares_all_of_it()
    {
        FormulaWeights.Fill(_model.Unet);
        var network = new ColourFeatures();
        var real = new RealImages(new ImageFeatures(network), new ImageFeatures(network));
        var request = new SamplingRequest
        {
            Classes = new int?[5],
            Seed = 7,
            BatchSize = 2,
        };
        var images = new ImageSampler(_model).Sample(
            request with
            {
                Sampler = "heun",
                Spacing = Spacing.Quad,
                Steps = 3,
            },
            cancellation: TestContext.Current.CancellationToken
        );
        // Distances are 0 if and only if the experiment draws the same.
        real.Images.Add(images);
        real.Reconstructions.Add(images);
        var reports = new Reports();

        var measured = new SamplerExperiment(_model, network, real, request).Measure(
            new SamplerCell("heun", Spacing.Quad, 3),
            shown: 3,
            reports,
            TestContext.Current.CancellationToken
        );

        Assert.InRange(measured.ToReal.Frechet, 0, 1e-9);
        Assert.InRange(measured.ToReconstructions, 0, 1e-9);
        Assert.Equal(images.Take(3).Select(i => i.Pixels), measured.Shown.Select(i => i.Pixels));
        Assert.True(measured.SecondsPerImage > 0);
        Assert.Equal(6, measured.Cell.Cost);
        Assert.Equal(reports.Done.Order(), reports.Done);
        Assert.Equal(5, reports.Done[^1]);
    }

    [Fact]
    public void Samples_have_the_classes_of_the_real_images_in_their_shares()
    {
        using var conditional = new LatentDiffusionModel(
            Unconditional with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["c", "b", "a", "z"],
            }
        );
        using var foreign = new LatentDiffusionModel(
            Unconditional with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["x", "y"],
            }
        );
        var source = new MemorySource(6);

        Assert.Equal([2, 1, 0, 2, 1, 0], RealImages.InputsFor(conditional, source, 6).Select(input => input.ClassId));
        Assert.Equal(
            [2, 2, 1, 1, 0, 0, 2, 2, 1, 1, 0, 0],
            RealImages.InputsFor(conditional, source, 12).Select(input => input.ClassId)
        );
        Assert.Equal([0, 1, 0], RealImages.InputsFor(foreign, source, 3).Select(input => input.ClassId));
        Assert.Equal([null, null], RealImages.InputsFor(_model, source, 2).Select(input => input.ClassId));
    }

    [Fact]
    public void Samples_of_a_text_model_have_the_captions_of_the_real_images()
    {
        using var folder = new Support.TemporaryFolder();
        using var model = new LatentDiffusionModel(
            Unconditional with
            {
                Unet = Unconditional.Unet with { UseSpatialTransformer = true, ContextDim = 8 },
                Conditioner = new TextTransformerConfig
                {
                    Tokenizer = SmallVocabulary.Write(folder["vocab.txt"]),
                    EmbedDim = 8,
                    Depth = 1,
                },
            }
        );

        var inputs = RealImages.InputsFor(model, new MemorySource(6), 3);

        Assert.Equal(
            ["caption 0", "caption 2", "caption 4"],
            inputs.Select(input => Assert.Single(input.Prompt!.Parts).Text)
        );
    }

    [Fact]
    public void What_cannot_be_drawn_is_refused_before_anything_is()
    {
        var request = new SamplingRequest { Classes = [null] };

        Assert.Throws<UserInputException>(() => Check("ddim", Spacing.Uniform, 1001));
        Assert.Throws<UserInputException>(() => Check("ddim", Spacing.Reference, 1000));
        Check("ddim", Spacing.Reference, 50);

        void Check(string sampler, Spacing spacing, int steps) =>
            new ImageSampler(_model).Check(
                SamplerExperiment.RequestOf(request, new SamplerCell(sampler, spacing, steps))
            );
    }

    private sealed class Reports : IProgress<StepProgress>
    {
        public List<double> Done { get; } = [];

        public void Report(StepProgress value) => Done.Add(value.Done);
    }
}
