using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class PeakSignalToNoiseTests
{
    [Fact]
    public void A_difference_of_three_levels_is_the_references_number()
    {
        var first = TestImages.Pattern(10, 8);
        var second = TestImages.Pattern(10, 8);
        for (var i = 0; i < first.Pixels.Length; i++)
        {
            second.Pixels[i] = (byte)(first.Pixels[i] + (first.Pixels[i] < 128 ? 3 : -3));
        }

        var golden = GoldenCase.Load("degradations", "psnr").Number("val");
        Assert.Equal(golden, PeakSignalToNoise.Of(first, second), 1e-9);
        Assert.Equal(3, MeanAbsoluteError.Of(first, second));
    }

    [Fact]
    public void Black_and_white_are_at_0_dB_and_equal_images_infinitely_far_above()
    {
        var (black, white) = (RgbImage.Filled(3, 2, Rgb.Black), RgbImage.Filled(3, 2, Rgb.White));

        Assert.Equal(0, PeakSignalToNoise.Of(black, white), 1e-12);
        Assert.Equal(double.PositiveInfinity, PeakSignalToNoise.Of(white, white));
        Assert.Equal(255, MeanAbsoluteError.Of(black, white));
        Assert.Equal(0, MeanAbsoluteError.Of(white, white));
    }

    [Fact]
    public void Images_of_two_sizes_are_refused_by_every_metric()
    {
        var (wide, high) = (TestImages.Pattern(12, 11), TestImages.Pattern(11, 12));

        Assert.All(
            new Func<RgbImage, RgbImage, double>[]
            {
                PeakSignalToNoise.Of,
                MeanAbsoluteError.Of,
                StructuralSimilarity.Of,
            },
            metric => Assert.Contains("12x11 and 11x12", Refused(() => metric(wide, high)), StringComparison.Ordinal)
        );

        static string Refused(Func<object> action) => Assert.Throws<ArgumentException>(action).Message;
    }
}
