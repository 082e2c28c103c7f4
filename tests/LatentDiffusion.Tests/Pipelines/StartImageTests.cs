using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

[Collection(nameof(ProcessWideState))]
public sealed class StartImageTests : IDisposable
{
    private static readonly RgbImage Picture = RgbImage.Filled(8, 8, new Rgb(200, 100, 50));

    private readonly LatentDiffusionModel _model = new(SmallModels.Pixels) { ScaleFactor = 0.5 };

    public StartImageTests() => FormulaWeights.Fill(_model.Unet);

    public static TheoryData<string> Samplers => [.. NamedSampler.All.Select(sampler => sampler.Name)];

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Strength_0_gives_the_image_back(string sampler)
    {
        // The steps of some end where a little noise is left.
        var drawn = Draw(new StartImage(Picture, 0), sampler);

        Assert.InRange(Distance(drawn), 0, 15);
    }

    [Fact]
    public void The_stronger_the_less_is_left_of_the_image()
    {
        double[] distances =
        [
            .. new[] { 0.2, 0.5, 1 }.Select(strength => Distance(Draw(new StartImage(Picture, strength), "ddim"))),
        ];

        Assert.True(distances[0] > 0);
        Assert.Equal(distances.Order(), distances);
        Assert.Equal(3, distances.Distinct().Count());
    }

    [Fact]
    public void The_seed_decides_and_no_tensor_is_left()
    {
        var start = new StartImage(Picture, 0.5);
        var first = Draw(start, "ddim");

        Assert.Equal(first.Pixels, Draw(start, "ddim").Pixels);
        Assert.NotEqual(first.Pixels, Draw(start, "ddim", seed: 1).Pixels);
        LiveTensors.Unchanged(() => Draw(start, "ddim"));
    }

    [Theory]
    [InlineData(-0.1, "The strength -0.1 must be from 0 to 1.")]
    [InlineData(1.1, "The strength 1.1 must be from 0 to 1.")]
    [InlineData(double.NaN, "The strength NaN must be from 0 to 1.")]
    [InlineData(0.05, "A strength of 0.05 leaves none of 10 steps to do: choose at least 0.1, or more steps.")]
    public void Impossible_strengths_are_refused(double strength, string expected) =>
        Assert.Equal(
            expected,
            Assert.Throws<UserInputException>(() => Draw(new StartImage(Picture, strength), "ddim")).Message
        );

    [Fact]
    public void An_image_of_another_size_is_refused_and_can_be_made_to_fit()
    {
        var wide = TestImages.Pattern(40, 20);
        Assert.Contains(
            "has 40x20 pixels: bring it to 8x8",
            Assert.Throws<UserInputException>(() => Draw(new StartImage(wide, 0.5), "ddim")).Message,
            StringComparison.Ordinal
        );

        Assert.Equal(Resampler.Bicubic(wide, 16, 8).Crop(4, 0, 8, 8).Pixels, StartImage.Fit(wide, 8, 8).Pixels);
        var tall = StartImage.Fit(wide, 10, 30);
        Assert.Equal((10, 30), (tall.Width, tall.Height));
        Assert.Equal(Picture.Pixels, StartImage.Fit(Picture, 8, 8).Pixels);
    }

    public void Dispose() => _model.Dispose();

    private RgbImage Draw(StartImage start, string sampler, long seed = 0) =>
        new ImageSampler(_model).Sample(
            new SamplingRequest
            {
                Classes = [null],
                Sampler = sampler,
                Steps = 10,
                Start = start,
                Seed = seed,
            },
            cancellation: TestContext.Current.CancellationToken
        )[0];

    private static double Distance(RgbImage image) =>
        image.Pixels.Zip(Picture.Pixels, (a, b) => Math.Abs(a - b)).Average();
}
