using CsCheck;
using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using Xunit;

namespace LatentDiffusion.Tests.Data.Degradations;

public sealed class BsrDegradationTests
{
    private const int Plans = 2000;

    [Fact]
    public void The_result_is_a_quarter_of_the_size_and_depends_on_the_seed_alone() =>
        Gen.Select(Gen.Int[4, 41], Gen.Int[4, 41], Gen.Enum<BsrStrength>(), Gen.Long)
            .Sample(
                (width, height, strength, seed) =>
                {
                    var degradation = new BsrDegradation { Strength = strength };
                    var image = Picture(width, height);

                    var pair = degradation.Apply(image, seed);

                    Assert.Equal((width / 4 * 4, height / 4 * 4), (pair.High.Width, pair.High.Height));
                    Assert.Equal((width / 4, height / 4), (pair.Low.Width, pair.Low.Height));
                    Assert.Equal(pair.Low.Pixels, degradation.Apply(image, seed).Low.Pixels);
                },
                iter: 60
            );

    [Fact]
    public void Another_seed_degrades_otherwise()
    {
        var degradation = new BsrDegradation();
        var image = Picture(32, 32);

        Assert.NotEqual(degradation.Apply(image, 1).Low.Pixels, degradation.Apply(image, 2).Low.Pixels);
    }

    [Theory]
    [InlineData(BsrStrength.Full, 2, 0.75, 30)]
    [InlineData(BsrStrength.Light, 1, 0.8, 80)]
    public void Operations_come_as_often_as_in_the_reference(
        BsrStrength strength,
        int blurs,
        double reductionByResize,
        int leastQuality
    )
    {
        var degradation = new BsrDegradation { Strength = strength };
        var plans = Enumerable.Range(0, Plans).Select(seed => degradation.Plan(64, 64, seed)).ToArray();

        Assert.All(plans, plan => Assert.Equal(blurs, plan.OfType<BlurStep>().Count()));
        Assert.All(plans, plan => Assert.Single(plan.OfType<GaussianNoiseStep>()));
        Assert.All(plans, plan => Assert.IsType<JpegStep>(plan[^1]));
        Share(0.9, plans, plan => plan.OfType<JpegStep>().Count() == 2);
        Share(1 - reductionByResize, plans, plan => plan.OfType<SubsampleStep>().Any());
        Share(0.25, plans, IsHalvedFirst);
        Share(1.0 / (blurs + 1), plans, plan => Position<GaussianNoiseStep>(plan) < Position<BlurStep>(plan));

        var qualities = plans.SelectMany(plan => plan.OfType<JpegStep>()).Select(s => s.Quality).ToArray();
        Assert.Equal((leastQuality, 95), (qualities.Min(), qualities.Max()));
        Assert.Equal((leastQuality + 95) / 2.0, qualities.Average(), 0.8);
    }

    [Theory]
    [InlineData(BsrStrength.Full, 2, 25)]
    [InlineData(BsrStrength.Light, 1, 2)]
    public void Noise_comes_in_three_kinds_and_its_range(BsrStrength strength, int least, int most)
    {
        var degradation = new BsrDegradation { Strength = strength };
        var noises = Enumerable
            .Range(0, Plans)
            .Select(seed => degradation.Plan(64, 64, seed).OfType<GaussianNoiseStep>().Single())
            .ToArray();

        Share(0.4, noises, n => n.Colour == NoiseColour.Independent);
        Share(0.4, noises, n => n.Colour == NoiseColour.Grey);
        Share(0.2, noises, n => n.Colour == NoiseColour.Correlated);
        var levels = noises
            .Where(n => n.Colour != NoiseColour.Correlated)
            .Select(n => (int)Math.Round(n.Level * 255))
            .ToArray();
        Assert.Equal((least, most), (levels.Min(), levels.Max()));
        Assert.All(
            noises.Where(n => n.Colour == NoiseColour.Correlated),
            n => Assert.Equal(most / 255.0, n.Level, 1e-9)
        );
    }

    [Fact]
    public void Kernel_sizes_are_those_of_each_strength()
    {
        var full = Sizes(BsrStrength.Full);
        var light = Sizes(BsrStrength.Light);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => 7 + 2 * i), full);
        Assert.Equal(Enumerable.Range(5, 10), light);

        static IEnumerable<int> Sizes(BsrStrength strength) =>
            Enumerable
                .Range(0, 1000)
                .SelectMany(seed => new BsrDegradation { Strength = strength }.Plan(64, 64, seed))
                .OfType<BlurStep>()
                .Select(s => s.Kernel.Size)
                .Distinct()
                .Order();
    }

    [Fact]
    public void The_first_reduction_comes_before_the_last_and_every_kernel_is_used()
    {
        var interpolations = new HashSet<Interpolation>();
        for (var seed = 0; seed < 500; seed++)
        {
            var plan = new BsrDegradation().Plan(64, 48, seed);
            var resizes = plan.OfType<ResizeStep>().ToArray();
            interpolations.UnionWith(resizes.Select(r => r.Interpolation));
            Assert.Equal((16, 12), (resizes[^1].Width, resizes[^1].Height));
            Assert.True(
                plan.TakeWhile(s => !ReferenceEquals(s, resizes[^1])).Count(s => s is ResizeStep or SubsampleStep)
                    == (IsHalvedFirst(plan) ? 2 : 1)
            );
        }

        Assert.Equal(4, interpolations.Count);
    }

    [Fact]
    public void Swapped_axes_cut_as_the_reference_does()
    {
        var image = Picture(41, 30);

        var pair = new BsrDegradation { SwapCutAxes = true }.Apply(image, 0);

        // 30 - 30 % 4 columns, and the rows that 41 - 41 % 4 = 40 leaves of 30.
        Assert.Equal((28, 30), (pair.High.Width, pair.High.Height));
        Assert.Equal(image.Crop(0, 0, 40, 28).Pixels, new BsrDegradation().Apply(image, 0).High.Pixels);
    }

    [Fact]
    public void Light_degradation_leaves_more_of_the_image_than_the_full_one()
    {
        var image = Picture(64, 64);

        Assert.True(MeanPsnr(BsrStrength.Light) > MeanPsnr(BsrStrength.Full) + 1);

        double MeanPsnr(BsrStrength strength) =>
            Enumerable
                .Range(0, 8)
                .Average(seed =>
                {
                    var low = new BsrDegradation { Strength = strength }
                        .Apply(image, seed)
                        .Low;
                    return PeakSignalToNoise.Of(Resampler.Bicubic(low, 64, 64), image);
                });
    }

    [Fact]
    public void Bicubic_degradation_is_the_reduction_alone()
    {
        var flat = RgbImage.Filled(9, 8, new Rgb(10, 200, 255));

        var pair = new BicubicDegradation().Apply(flat, 7);

        Assert.Equal((2, 2), (pair.Low.Width, pair.Low.Height));
        Assert.Equal(RgbImage.Filled(2, 2, new Rgb(10, 200, 255)).Pixels, pair.Low.Pixels);
    }

    [Fact]
    public void Images_smaller_than_the_scale_are_refused() =>
        Assert.Contains(
            "3x9",
            Assert.Throws<UserInputException>(() => new BsrDegradation().Apply(Picture(3, 9), 0)).Message,
            StringComparison.Ordinal
        );

    private static bool IsHalvedFirst(IReadOnlyList<DegradationStep> plan) =>
        plan[0] is ResizeStep && plan.Count(s => s is ResizeStep or SubsampleStep) == 3;

    private static int Position<T>(IReadOnlyList<DegradationStep> plan) => Array.FindIndex([.. plan], s => s is T);

    // Five standard deviations of a share.
    private static void Share<T>(double expected, IReadOnlyList<T> items, Func<T, bool> holds)
    {
        var share = (double)items.Count(holds) / items.Count;
        Assert.Equal(expected, share, 5 * Math.Sqrt(expected * (1 - expected) / items.Count));
    }

    private static RgbImage Picture(int width, int height)
    {
        var image = RgbImage.Filled(width, height, new Rgb(90, 120, 150));
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (x, y) = (i / 3 % width, i / 3 / width);
            image.Pixels[i] = (byte)(128 + 80 * Math.Sin(0.3 * x + i % 3) * Math.Cos(0.4 * y) + (x / 8 % 2) * 40);
        }

        return image;
    }
}
