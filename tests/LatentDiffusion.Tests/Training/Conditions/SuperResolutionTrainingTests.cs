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
    public void Images_become_better_than_their_enlarged_pixels_by_a_decibel_whatever_their_size()
    {
        _toy.Train(_toy.Experiment(new SuperResolutionConfig(), steps: 300) with { EmaDecay = 0.97 }, "run");
        using var model = _toy.Load("run");
        var resolver = new SuperResolver(model);

        var gains = Enumerable.Range(100, 6).Select(number => Gain(resolver, Draw(Size, Size, number))).ToList();

        Assert.True(gains.Average() > 1, $"{gains.Average():f2} dB better than nearest");
        Assert.True(Gain(resolver, Draw(20, 12, 200)) > 0, "other sides");
        // In tiles of 16: 12 of them.
        var tiled = Gain(new SuperResolver(model) { TileSize = Size }, Draw(40, 28, 300));
        Assert.True(tiled > 0.5, $"in tiles {tiled:f2} dB");
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

    private static double Gain(SuperResolver resolver, RgbImage truth)
    {
        var low = new BicubicDegradation { Scale = Scale }
            .Apply(truth, seed: 0)
            .Low;
        var enlarged = resolver.Enlarge(low, Sampling, cancellation: TestContext.Current.CancellationToken);
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
        var waves = Enumerable
            .Range(0, 3)
            .Select(_ => (X: Draw01() * 0.35, Y: Draw01() * 0.35, P: Draw01() * 6))
            .ToArray();
        var image = RgbImage.Filled(width, height, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var ((y, x), wave) = (Math.DivRem(i / 3, width), waves[i % 3]);
            image.Pixels[i] = (byte)(127.5 + 120 * Math.Sin(wave.X * x + wave.Y * y + wave.P));
        }

        return image;

        double Draw01() => random.NextDouble();
    }
}
