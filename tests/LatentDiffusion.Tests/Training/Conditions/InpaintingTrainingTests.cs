using LatentDiffusion.Data.Masks;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Training.Conditions;

[Collection(nameof(ProcessWideState))]
public sealed class InpaintingTrainingTests : IDisposable
{
    private const int Size = 16;

    private static readonly SamplingRequest Sampling = new() { Steps = 6, Seed = 3 };

    private readonly Toy _toy = new(Size, 64, number => Stripes(Size, Size, number));

    [Fact]
    [Trait("Speed", "Slow")]
    public void Holes_are_filled_with_the_texture_around_them_and_known_pixels_stay()
    {
        _toy.Train(_toy.Experiment(new InpaintingConfig(), steps: 150), "run");
        using var model = _toy.Load("run");
        Assert.True(new Inpainter(model).IsTrainedForIt);

        var right = Enumerable.Range(100, 8).Count(number => FillsRightly(model, number));

        Assert.True(right >= 7, $"{right} of 8");
    }

    [Fact]
    public void A_model_of_another_kind_keeps_what_is_known_too()
    {
        _toy.Train(_toy.Experiment(conditioner: null, steps: 2), "run");
        using var model = _toy.Load("run");
        var inpainter = new Inpainter(model);

        // Sides that are no multiples of what the model needs.
        var image = new MaskedImage(Stripes(19, 13, 5), Hole(19, 13));
        var filled = inpainter.Fill(image, Sampling, cancellation: TestContext.Current.CancellationToken);

        Assert.False(inpainter.IsTrainedForIt);
        AssertKeeps(image, Assert.Single(filled));
    }

    [Theory]
    [InlineData(MaskKind.Thin)]
    [InlineData(MaskKind.Mixed)]
    public void A_resumed_run_equals_the_uninterrupted_one(MaskKind masks) =>
        _toy.AssertResumesBitForBit(
            _toy.Experiment(new InpaintingConfig { Masks = masks, DropProbability = 0.3 }, steps: 3) with
            {
                CacheLatents = masks == MaskKind.Mixed,
                Data = _toy.Images with { FlipProbability = 0.5 },
            }
        );

    [Fact]
    public void Training_goes_on_at_twice_the_size()
    {
        var experiment = _toy.Experiment(new InpaintingConfig(), steps: 2);
        _toy.Train(experiment, "run");
        var larger = experiment with { InitFrom = _toy["run"], Data = _toy.Images with { Size = 2 * Size } };
        _toy.Train(larger, "larger", steps: 1);

        using var first = _toy.Load("run");
        using var second = _toy.Load("larger");
        Assert.Equal(2 * Size, second.Config.ImageSize);
        // One step away, not fresh weights.
        using var scope = NewDisposeScope();
        Assert.All(
            first.UnetParameters().Zip(second.UnetParameters()),
            pair => Assert.True(pair.First.Parameter.sub(pair.Second.Parameter).abs().max().item<float>() < 0.02)
        );
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        _toy.AssertRefuses(
            "The UNet has in_channels 4",
            _toy.Experiment(new InpaintingConfig(), steps: 1) with
            {
                Unet = _toy.Experiment(null, 1).Unet with { InChannels = 4 },
            }
        );
        _toy.Train(_toy.Experiment(new InpaintingConfig(), steps: 1), "run");
        using var model = _toy.Load("run");
        var image = new MaskedImage(Stripes(8, 8, 1), new InpaintingMask(8, 8, [1, .. new byte[63]]));
        Refuses("give it an image with a mask", new() { Classes = [null] });
        Refuses("has 8x8 pixels, the image to draw 16x16", new() { Inputs = [new() { Masked = image }] });
        Refuses("A known image has 8x8 pixels", new() { Inputs = [new()], Known = [image] });
        Refuses("There are 1 known images for 2 inputs", new() { Inputs = [new(), new()], Known = [image] });
        var whole = new MaskedImage(Stripes(8, 8, 1), new InpaintingMask(8, 8, new byte[64]));
        Assert.Contains(
            "has no hole",
            Assert
                .Throws<UserInputException>(() =>
                    new Inpainter(model).Fill(whole, cancellation: TestContext.Current.CancellationToken)
                )
                .Message
        );

        void Refuses(string message, SamplingRequest request) =>
            Assert.Contains(
                message,
                Assert.Throws<UserInputException>(() => new ImageSampler(model).Sample(request)).Message
            );
    }

    public void Dispose() => _toy.Dispose();

    private static bool FillsRightly(LatentDiffusionModel model, int number)
    {
        var image = new MaskedImage(Stripes(Size, Size, number), Hole(Size, Size));
        var filled = new Inpainter(model).Fill(image, Sampling, cancellation: TestContext.Current.CancellationToken)[0];
        AssertKeeps(image, filled);
        return Distance(filled, image.Image) < Distance(filled, Stripes(Size, Size, number + 1));
    }

    private static void AssertKeeps(MaskedImage image, RgbImage filled)
    {
        Assert.Equal((image.Image.Width, image.Image.Height), (filled.Width, filled.Height));
        for (var i = 0; i < filled.Width * filled.Height; i++)
        {
            var (y, x) = Math.DivRem(i, filled.Width);
            Assert.True(image.Mask[x, y] || image.Image[x, y] == filled[x, y], $"({x}, {y}) changed");
        }
    }

    private static double Distance(RgbImage a, RgbImage b) =>
        a.Pixels.Zip(b.Pixels).Sum(pair => Math.Abs(pair.First - pair.Second));

    private static InpaintingMask Hole(int width, int height)
    {
        var holes = new byte[width * height];
        for (var y = 4; y < 11; y++)
        {
            holes.AsSpan(y * width + 5, 7).Fill(1);
        }

        return new InpaintingMask(width, height, holes);
    }

    /// <summary>Stripes of two colours: lying where the number is even, else standing.</summary>
    private static RgbImage Stripes(int width, int height, int number)
    {
        var random = new Random(number / 2);
        var (first, second) = (Colour(), Colour());
        var image = RgbImage.Filled(width, height, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (y, x) = Math.DivRem(i / 3, width);
            image.Pixels[i] = ((number % 2 == 0 ? y : x) / 2 % 2 == 0 ? first : second)[i % 3];
        }

        return image;

        byte[] Colour() => [(byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)];
    }
}
