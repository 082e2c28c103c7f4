using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Training.Conditions;

[Collection(nameof(ProcessWideState))]
public sealed class SuperResolutionTrainingTests : IDisposable
{
    private const int Size = 16;
    private const int Scale = 4;

    private static readonly SamplingRequest Sampling = new() { Steps = 5, Seed = 3 };

    private readonly Toy _toy = new(Size, 48, number => Draw(Size, Size, number));

    [Fact]
    [Trait("Speed", "Slow")]
    public void Images_become_better_than_their_enlarged_pixels_by_a_decibel_whatever_their_size()
    {
        _toy.Train(_toy.Experiment(new SuperResolutionConfig(), steps: 300) with { EmaDecay = 0.97 }, "run");
        using var model = _toy.Load("run");
        var resolver = new SuperResolver(model);

        var (square, oblong, tiled) = (
            Gain(resolver, Size, Size, number: 100),
            Gain(resolver, 20, 12, number: 200),
            Gain(resolver, 40, 28, number: 300, Sampling with { PatchSize = Size })
        );

        Assert.True(square > 1, $"{square:f2} dB better than nearest");
        Assert.True(oblong > 1, $"{oblong:f2} dB at other sides than in training");
        Assert.True(tiled > 1, $"{tiled:f2} dB in 12 tiles");
    }

    [Theory]
    [InlineData(LowResolutionKind.Bicubic)]
    [InlineData(LowResolutionKind.Bsr)]
    [InlineData(LowResolutionKind.BsrLight)]
    public void A_resumed_run_equals_the_uninterrupted_one(LowResolutionKind degradation) =>
        _toy.AssertResumesBitForBit(
            _toy.Experiment(new SuperResolutionConfig { Degradation = degradation }, steps: 3) with
            {
                CacheLatents = degradation == LowResolutionKind.BsrLight,
                Data = _toy.Images with { FlipProbability = 0.5 },
            }
        );

    [Fact]
    public void What_does_not_fit_is_named()
    {
        _toy.AssertRefuses(
            "data.size 16 must be a multiple of the conditioner's scale, 3",
            _toy.Experiment(new SuperResolutionConfig { Scale = 3 }, steps: 1)
        );
        _toy.Train(_toy.Experiment(new SuperResolutionConfig(), steps: 1), "run");
        using var model = _toy.Load("run");
        var sampler = new ImageSampler(model);
        Refuses("give it a low-resolution image", new() { Classes = [null] });
        Refuses(
            "has 5x4 pixels, the image to draw 16x16: it must be 4 times smaller",
            new() { Inputs = [new() { LowResolution = Draw(5, 4, 1) }] }
        );
        _toy.Train(_toy.Experiment(conditioner: null, steps: 1), "plain");
        using var plain = _toy.Load("plain");
        Assert.Throws<UserInputException>(() => new SuperResolver(plain));

        void Refuses(string message, SamplingRequest request) =>
            Assert.Contains(message, Assert.Throws<UserInputException>(() => sampler.Sample(request)).Message);
    }

    public void Dispose() => _toy.Dispose();

    /// <summary>The mean of four images that were not trained on, in decibels.</summary>
    private static double Gain(
        SuperResolver resolver,
        int width,
        int height,
        int number,
        SamplingRequest? settings = null
    ) => Enumerable.Range(number, 4).Average(i => Gain(resolver, Draw(width, height, i), settings ?? Sampling));

    private static double Gain(SuperResolver resolver, RgbImage truth, SamplingRequest settings)
    {
        var low = new BicubicDegradation { Scale = Scale }
            .Apply(truth, seed: 0)
            .Low;
        var enlarged = resolver.Enlarge(low, settings, cancellation: TestContext.Current.CancellationToken);
        return PeakSignalToNoise.Of(truth, enlarged) - PeakSignalToNoise.Of(truth, Nearest(low));
    }

    private static RgbImage Nearest(RgbImage low)
    {
        var image = RgbImage.Filled(low.Width * Scale, low.Height * Scale, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (y, x) = Math.DivRem(i / 3, image.Width);
            image.Pixels[i] = low.Row(y / Scale)[x / Scale * 3 + i % 3];
        }

        return image;
    }

    /// <summary>Soft slopes of colour.</summary>
    private static RgbImage Draw(int width, int height, int number)
    {
        var random = new Random(number);
        // Steep enough everywhere for enlarged pixels to show.
        var waves = Enumerable
            .Range(0, 3)
            .Select(_ =>
                (X: 0.15 + 0.25 * random.NextDouble(), Y: 0.15 + 0.25 * random.NextDouble(), P: random.NextDouble() * 6)
            )
            .ToArray();
        var image = RgbImage.Filled(width, height, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var ((y, x), wave) = (Math.DivRem(i / 3, width), waves[i % 3]);
            image.Pixels[i] = (byte)(127.5 + 120 * Math.Sin(wave.X * x + wave.Y * y + wave.P));
        }

        return image;
    }
}
