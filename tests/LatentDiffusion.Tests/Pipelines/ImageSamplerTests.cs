using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class ImageSamplerTests : IDisposable
{
    private static readonly SamplingRequest Request = new() { Classes = [null, null, null], Steps = 2 };

    private readonly LatentDiffusionModel _model = new(SmallModels.Pixels);

    [Fact]
    public void The_same_seed_draws_the_same_images_and_the_next_seed_shifts_them_by_one()
    {
        FormulaWeights.Fill(_model.Unet);
        var first = Sample(Request with { Seed = 10 });
        var second = Sample(Request with { Seed = 11 });

        Assert.Equal(first, Sample(Request with { Seed = 10 }));
        Assert.Equal(first.Skip(1), second.Take(2));
        Assert.NotEqual(first[0], first[1]);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Eta_outside_0_to_1_is_refused(double eta) => AssertRefuses(Request with { Eta = eta }, "eta ");

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void Impossible_step_counts_are_refused(int steps) =>
        AssertRefuses(Request with { Steps = steps }, "choose 1 to 1000");

    public static TheoryData<string> Samplers => [.. NamedSampler.All.Select(sampler => sampler.Name)];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Every_sampler_draws_images(string sampler)
    {
        FormulaWeights.Fill(_model.Unet);

        Assert.Equal(3, Sample(Request with { Sampler = sampler, Steps = 3 }).Length);
    }

    [Fact]
    public void Patches_bound_what_the_network_sees_and_change_small_images_by_nothing()
    {
        FormulaWeights.Fill(_model.Unet);
        var whole = Sample(Request with { Classes = [null] });

        Assert.Equal(whole, Sample(Request with { Classes = [null], PatchSize = 8 }));
        var wide = Sample(Request with { Classes = [null], PatchSize = 8, Width = 24, Height = 16 });
        Assert.Equal(24 * 16 * 3, wide[0].Length);
    }

    [Fact]
    public void The_default_takes_twenty_steps_of_dpm_solver()
    {
        Assert.Equal("dpmpp-2m", new SamplingRequest { Classes = [] }.Sampler);
        Assert.Equal(20, new SamplingRequest { Classes = [] }.StepsFor(1000));
        Assert.Equal(1000, new SamplingRequest { Classes = [], Sampler = "ddpm" }.StepsFor(1000));
        Assert.Equal(10, new SamplingRequest { Classes = [] }.StepsFor(10));
    }

    [Fact]
    public void Every_setting_of_guidance_changes_the_images()
    {
        using var model = new LatentDiffusionModel(
            _model.Config with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["cat", "dog"],
                // Predictions of x_0 by a network without training stay within the range of pixels.
                Objective = new DiffusionObjectiveConfig { Parameterization = Parameterization.X0 },
            }
        );
        FormulaWeights.Fill(model.Unet);
        using (torch.no_grad())
        {
            // Small by formula: classes would differ by less than a grey level.
            model.Unet.named_parameters().Single(p => p.name == "label_emb.weight").parameter.mul_(50);
        }

        var plain = Request with { Classes = [1], Guidance = 1, Steps = 5 };
        var guided = plain with { Guidance = 3 };
        SamplingRequest[] requests =
        [
            plain,
            guided,
            guided with
            {
                GuidanceRescale = 0.7,
            },
            guided with
            {
                GuidanceInterval = new(100, 900),
            },
            guided with
            {
                Classes = [0],
            },
        ];

        var images = requests
            .Select(r =>
                new ImageSampler(model).Sample(r, cancellation: TestContext.Current.CancellationToken)[0].Pixels
            )
            .ToList();

        for (var i = 0; i < images.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                Assert.True(!images[i].SequenceEqual(images[j]), $"Requests {i} and {j} draw the same.");
            }
        }
    }

    [Fact]
    public void Unknown_samplers_are_refused() =>
        AssertRefuses(Request with { Sampler = "dpmpp-2n" }, "There is no sampler 'dpmpp-2n'. Did you mean");

    [Fact]
    public void Impossible_guidance_is_refused()
    {
        AssertRefuses(Request with { Guidance = double.NaN }, "guidance scale NaN");
        AssertRefuses(Request with { GuidanceRescale = 2 }, "guidance rescale 2 must be from 0 to 1");
        AssertRefuses(Request with { GuidanceInterval = new(5, 1000) }, "guidance interval 5:1000 must rise within");
    }

    [Fact]
    public void A_batch_of_nothing_is_refused() => AssertRefuses(Request with { BatchSize = 0 }, "batch size is 0");

    [Fact]
    public void A_class_of_an_unconditional_model_is_refused() =>
        AssertRefuses(Request with { Classes = [0] }, "the model has 0 classes");

    [Fact]
    public void A_size_of_zero_is_refused() => AssertRefuses(Request with { Width = 0 }, "width 0");

    public void Dispose() => _model.Dispose();

    // One image per batch: in larger ones the rounding may differ.
    private byte[][] Sample(SamplingRequest request) =>
        [
            .. new ImageSampler(_model)
                .Sample(request with { BatchSize = 1 }, cancellation: TestContext.Current.CancellationToken)
                .Select(image => image.Pixels),
        ];

    private void AssertRefuses(SamplingRequest request, string message)
    {
        var error = Assert.Throws<UserInputException>(() =>
            new ImageSampler(_model).Sample(request, cancellation: TestContext.Current.CancellationToken)
        );
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
