using CsCheck;
using LatentDiffusion.Metrics;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class DensityCoverageTests
{
    [Fact]
    public void Samples_far_away_have_neither_and_a_set_covers_itself()
    {
        var near = FeatureVectors.Random(40, 4, seed: 1);
        var far = near.Select(row => row.Select(v => v + 1000).ToArray()).ToArray();

        Assert.Equal(new DensityCoverage(0, 0), Between(near, far));
        Assert.Equal(1, Between(near, near)!.Coverage);
    }

    [Fact]
    public void Samples_of_the_same_distribution_have_a_density_of_about_one_and_crowded_ones_more()
    {
        var all = FeatureVectors.Random(800, 3, seed: 2);
        var (real, others) = (all[..400], all[400..]);
        var middle = Enumerable.Range(0, 3).Select(i => all.Average(row => row[i])).ToArray();

        var alike = Between(real, others)!;
        var crowded = Between(real, [.. others.Select(row => row.Zip(middle, (v, m) => m + (v - m) / 10).ToArray())])!;

        Assert.Equal(1, alike.Density, 0.15);
        Assert.True(alike.Coverage > 0.9, $"{alike.Coverage}");
        Assert.True(crowded.Density > alike.Density && crowded.Coverage < 0.5, $"{crowded}");
    }

    [Fact]
    public void A_stray_real_image_makes_precision_high_but_not_density()
    {
        // One real image far out: its ball reaches over everything.
        double[][] real = [.. FeatureVectors.Random(50, 2, seed: 5), [200, 0]];
        double[][] samples = [.. FeatureVectors.Random(50, 2, seed: 6).Select(row => new[] { row[0] + 100, row[1] })];

        using var x = torch.tensor(real.SelectMany(row => row).ToArray(), [real.Length, 2]);
        using var y = torch.tensor(samples.SelectMany(row => row).ToArray(), [samples.Length, 2]);
        Assert.Equal(1, PrecisionRecall.Between(x, y)!.Precision);
        Assert.Equal(1.0 / DensityCoverage.UsualNeighbours, Between(real, samples)!.Density, 12);
    }

    [Fact]
    public void It_is_the_definition() =>
        Gen.Select(Gen.Int[6, 25], Gen.Int[6, 25], Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[0, 1000])
            .Sample(
                (n, m, size, neighbours, seed) =>
                {
                    var real = FeatureVectors.Random(n, size, seed);
                    var samples = FeatureVectors.Random(m, size, seed + 1);
                    var radii = real.Select(c => real.Select(o => Distance(c, o)).Order().ElementAt(neighbours))
                        .ToList();
                    var inside = real.Zip(radii, (c, r) => samples.Count(s => Distance(c, s) <= r)).ToList();

                    var measured = Between(real, samples, neighbours)!;

                    Assert.Equal(inside.Sum() / (double)(neighbours * m), measured.Density, 12);
                    Assert.Equal(inside.Count(count => count > 0) / (double)n, measured.Coverage, 12);
                },
                iter: 100
            );

    [Fact]
    public void Too_few_images_have_no_neighbours() =>
        Assert.Null(Between(FeatureVectors.Random(5, 2, seed: 0), FeatureVectors.Random(9, 2, seed: 1)));

    private static DensityCoverage? Between(
        double[][] real,
        double[][] samples,
        int neighbours = DensityCoverage.UsualNeighbours
    )
    {
        using var x = torch.tensor(real.SelectMany(row => row).ToArray(), [real.Length, real[0].Length]);
        using var y = torch.tensor(samples.SelectMany(row => row).ToArray(), [samples.Length, samples[0].Length]);
        return DensityCoverage.Between(x, y, neighbours);
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
