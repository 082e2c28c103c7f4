using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class ImageSamplerTests : IDisposable
{
    private static readonly SamplingRequest Request = new() { Classes = [null, null, null], Steps = 2 };

    private readonly LatentDiffusionModel _model = new(
        new LatentDiffusionModelConfig
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
        }
    );

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
