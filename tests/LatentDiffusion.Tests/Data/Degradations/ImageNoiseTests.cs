using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Imaging;
using LatentDiffusion.Randomness;
using Xunit;

namespace LatentDiffusion.Tests.Data.Degradations;

public sealed class ImageNoiseTests
{
    private const int Side = 64;
    private static readonly FloatImage Grey = Flat(0.5f);

    [Fact]
    public void Gaussian_noise_has_its_level_and_its_colours()
    {
        var independent = Noise(ImageNoise.Gaussian(Grey, NoiseColour.Independent, 0.05, 1), 0.5);
        var grey = Noise(ImageNoise.Gaussian(Grey, NoiseColour.Grey, 0.05, 1), 0.5);

        Assert.Equal(0.05, Deviation(independent.R), 0.002);
        Assert.Equal(0, Correlation(independent.R, independent.B), 0.06);
        Assert.Equal(0.05, Deviation(grey.G), 0.002);
        Assert.Equal(1, Correlation(grey.R, grey.B), 1e-3);
    }

    [Fact]
    public void Correlated_noise_is_never_stronger_than_its_level_and_differs_by_seed()
    {
        var correlations = new List<double>();
        for (var seed = 0; seed < 12; seed++)
        {
            var (r, g, b) = Noise(ImageNoise.Gaussian(Grey, NoiseColour.Correlated, 0.1, seed), 0.5);
            Assert.All(new[] { r, g, b }, c => Assert.InRange(Deviation(c), 0, 0.104));
            correlations.Add(Correlation(r, g));
        }

        // The absolute value in the covariance makes all correlations positive.
        Assert.All(correlations, c => Assert.InRange(c, -0.05, 1.001));
        Assert.True(correlations.Max() - correlations.Min() > 0.2);
    }

    [Fact]
    public void Speckle_grows_with_brightness()
    {
        var dark = Noise(ImageNoise.Speckle(Flat(0.1f), NoiseColour.Independent, 0.1, 3), 0.1);
        var bright = Noise(ImageNoise.Speckle(Flat(0.4f), NoiseColour.Independent, 0.1, 3), 0.4);

        Assert.Equal(4, Deviation(bright.R) / Deviation(dark.R), 0.01);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Photons_give_a_variance_in_proportion_to_brightness(bool grey)
    {
        var noise = Noise(ImageNoise.Poisson(Flat(0.2f), grey, photons: 1000, seed: 4), 0.2);

        Assert.Equal(0, noise.R.Average(), 0.001);
        Assert.Equal(Math.Sqrt(0.2 / 1000), Deviation(noise.R), 0.0006);
        Assert.Equal(grey ? 1 : 0, Correlation(noise.R, noise.B), 0.06);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(4000)]
    public void Poisson_numbers_have_their_mean_and_variance(double mean)
    {
        var random = new RandomStream(5);
        var draws = Enumerable.Range(0, 20_000).Select(_ => (double)random.Poisson(mean)).ToArray();

        Assert.Equal(1, draws.Average() / mean, 0.03);
        Assert.Equal(1, Math.Pow(Deviation(draws), 2) / mean, 0.05);
    }

    [Fact]
    public void A_random_stream_reaches_both_ends_of_a_range_evenly()
    {
        var random = new RandomStream(6);
        var counts = new int[5];
        for (var i = 0; i < 10_000; i++)
        {
            counts[random.Between(3, 7) - 3]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 1850, 2150));
    }

    private static FloatImage Flat(float value) => new(Side, Side, [.. Enumerable.Repeat(value, Side * Side * 3)]);

    // 8-bit rounding of Poisson's input moves the mean; it is taken out.
    private static (double[] R, double[] G, double[] B) Noise(FloatImage image, double mean)
    {
        double[] Channel(int c) => [.. image.Pixels.Where((_, i) => i % 3 == c).Select(v => v - mean)];
        return (Channel(0), Channel(1), Channel(2));
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }

    private static double Correlation(double[] a, double[] b)
    {
        var (ma, mb) = (a.Average(), b.Average());
        return a.Zip(b, (x, y) => (x - ma) * (y - mb)).Average() / (Deviation(a) * Deviation(b));
    }
}
