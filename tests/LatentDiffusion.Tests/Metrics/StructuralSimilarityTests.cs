using CsCheck;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class StructuralSimilarityTests
{
    private const double C1 = 6.5025;
    private const double C2 = 58.5225;

    private static readonly Gen<(RgbImage First, RgbImage Second)> Pairs =
        from width in Gen.Int[11, 23]
        from height in Gen.Int[11, 19]
        from first in Gen.Byte.Array[width * height * 3]
        from second in Gen.Byte.Array[width * height * 3]
        select (new RgbImage(width, height, first), new RgbImage(width, height, second));

    [Fact]
    public void Equal_images_are_alike_exactly()
    {
        Assert.Equal(1, StructuralSimilarity.Of(TestImages.Pattern(30, 20), TestImages.Pattern(30, 20)));
        Assert.Equal(
            1,
            StructuralSimilarity.Of(RgbImage.Filled(11, 11, Rgb.Black), RgbImage.Filled(11, 11, Rgb.Black))
        );
    }

    [Theory]
    [InlineData(0, 255)]
    [InlineData(100, 120)]
    public void Of_flat_images_only_the_brightness_counts(byte first, byte second)
    {
        var expected = (2.0 * first * second + C1) / (first * first + second * second + C1);

        Assert.Equal(expected, StructuralSimilarity.Of(Flat(first), Flat(second)), 1e-9);

        static RgbImage Flat(byte level) => RgbImage.Filled(13, 17, new Rgb(level, level, level));
    }

    [Fact]
    public void One_bright_pixel_in_one_window_and_one_channel_is_worth_what_the_formula_says()
    {
        var dot = RgbImage.Filled(11, 11, Rgb.Black);
        dot.Pixels[(5 * 11 + 5) * 3 + 1] = 255;
        // The weight of the window's middle: 1 / sum of exp(-x² / 4.5), squared.
        var middle = 1 / Enumerable.Range(-5, 11).Sum(x => Math.Exp(-x * x / 4.5));
        var weight = middle * middle;
        var (mean, variance) = (255 * weight, 255 * 255 * (weight - weight * weight));
        var green = C1 * C2 / ((mean * mean + C1) * (variance + C2));

        Assert.Equal((1 + green + 1) / 3, StructuralSimilarity.Of(dot, RgbImage.Filled(11, 11, Rgb.Black)), 1e-9);
    }

    [Fact]
    public void Filtering_rows_and_columns_apart_is_the_same_as_filtering_windows() =>
        Pairs.Sample(
            pair =>
                Assert.Equal(
                    ByWindows(pair.First, pair.Second),
                    StructuralSimilarity.Of(pair.First, pair.Second),
                    1e-9
                ),
            iter: 30
        );

    [Fact]
    public void The_order_of_the_images_does_not_matter_and_nothing_is_above_1() =>
        Pairs.Sample(
            pair =>
            {
                var similarity = StructuralSimilarity.Of(pair.First, pair.Second);
                Assert.Equal(similarity, StructuralSimilarity.Of(pair.Second, pair.First), 1e-12);
                Assert.InRange(similarity, -1, 1);
            },
            iter: 30
        );

    [Fact]
    public void More_noise_is_less_alike()
    {
        var clean = TestImages.Pattern(40, 40);
        var similarities = new[] { 2, 10, 50 }.Select(strength => StructuralSimilarity.Of(clean, Noisy(strength)));

        Assert.Equal(similarities.OrderDescending(), similarities);

        RgbImage Noisy(int strength)
        {
            var random = new Random(1);
            return new RgbImage(
                40,
                40,
                [.. clean.Pixels.Select(p => (byte)Math.Clamp(p + random.Next(-strength, strength + 1), 0, 255))]
            );
        }
    }

    [Fact]
    public void Images_smaller_than_a_window_are_refused()
    {
        var small = TestImages.Pattern(30, 10);

        Assert.False(StructuralSimilarity.Fits(small));
        var refusal = Assert.Throws<ArgumentException>(() => StructuralSimilarity.Of(small, small));
        Assert.Contains("30x10 pixels: SSIM needs at least 11x11", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The definition, written down plainly.</summary>
    private static double ByWindows(RgbImage first, RgbImage second)
    {
        var weights = new double[11, 11];
        for (var i = 0; i < 121; i++)
        {
            var (dx, dy) = (i % 11 - 5, i / 11 - 5);
            weights[i / 11, i % 11] = Math.Exp(-(dx * dx + dy * dy) / 4.5);
        }

        var total = weights.Cast<double>().Sum();
        List<double> similarities = [];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var top = 0; top + 11 <= first.Height; top++)
            {
                for (var left = 0; left + 11 <= first.Width; left++)
                {
                    similarities.Add(OfWindow(channel, top, left));
                }
            }
        }

        return similarities.Average();

        double OfWindow(int channel, int top, int left)
        {
            double Mean(Func<double, double, double> of)
            {
                var sum = 0.0;
                for (var i = 0; i < 121; i++)
                {
                    var at = ((top + i / 11) * first.Width + left + i % 11) * 3 + channel;
                    sum += weights[i / 11, i % 11] / total * of(first.Pixels[at], second.Pixels[at]);
                }

                return sum;
            }

            var (x, y) = (Mean((a, _) => a), Mean((_, b) => b));
            var (varianceX, varianceY) = (Mean((a, _) => (a - x) * (a - x)), Mean((_, b) => (b - y) * (b - y)));
            var covariance = Mean((a, b) => (a - x) * (b - y));
            return (2 * x * y + C1) * (2 * covariance + C2) / ((x * x + y * y + C1) * (varianceX + varianceY + C2));
        }
    }
}
