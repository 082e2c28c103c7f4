using CsCheck;
using LatentDiffusion.Metrics;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class PrecisionRecallTests
{
    [Fact]
    public void A_set_covers_itself_and_nothing_far_away()
    {
        var near = FeatureVectors.Random(30, 5, seed: 1);
        var far = near.Select(row => row.Select(v => v + 1000).ToArray()).ToArray();

        Assert.Equal(new PrecisionRecall(1, 1), Between(near, near));
        Assert.Equal(new PrecisionRecall(0, 0), Between(near, far));
    }

    [Fact]
    public void A_dropped_mode_costs_recall_and_an_invented_one_precision()
    {
        var mode = FeatureVectors.Random(20, 5, seed: 2);
        double[][] both =
        [
            .. mode,
            .. FeatureVectors.Random(60, 5, seed: 3).Select(r => r.Select(v => v - 1000).ToArray()),
        ];

        Assert.Equal(new PrecisionRecall(Precision: 1, Recall: 0.25), Between(real: both, samples: mode));
        Assert.Equal(new PrecisionRecall(Precision: 0.25, Recall: 1), Between(real: mode, samples: both));
    }

    [Fact]
    public void It_is_the_definition_whatever_the_scale_and_the_order() =>
        Gen.Select(Gen.Int[4, 25], Gen.Int[4, 25], Gen.Int[1, 9], Gen.Int[1, 3], Gen.Int[0, 1000])
            .Sample(
                (n, m, size, neighbours, seed) =>
                {
                    var real = FeatureVectors.Random(n, size, seed);
                    var samples = FeatureVectors.Random(m, size, seed + 1);
                    var measured = Between(real, samples, neighbours);

                    Assert.Equal(
                        new PrecisionRecall(Share(real, samples, neighbours), Share(samples, real, neighbours)),
                        measured
                    );
                    Assert.Equal(measured, Between([.. real.Reverse()], samples, neighbours));
                    Assert.Equal(measured, Between(Scaled(real), Scaled(samples), neighbours));
                },
                iter: 100
            );

    [Fact]
    public void Copies_count_as_covered_where_a_ball_has_no_size()
    {
        double[][] copies =
        [
            [1, 2],
            [1, 2],
            [1, 2],
            [1, 2],
        ];

        Assert.Equal(new PrecisionRecall(1, 1), Between(copies, copies));
        Assert.Equal(
            new PrecisionRecall(0, 0),
            Between(
                copies,
                [
                    [1, 3],
                    [1, 3],
                    [1, 3],
                    [1, 3],
                ]
            )
        );
    }

    [Fact]
    public void Too_few_images_have_no_neighbours()
    {
        Assert.Null(Between(FeatureVectors.Random(3, 2, seed: 0), FeatureVectors.Random(9, 2, seed: 1)));
        Assert.NotNull(Between(FeatureVectors.Random(4, 2, seed: 0), FeatureVectors.Random(9, 2, seed: 1)));
    }

    private static PrecisionRecall? Between(double[][] real, double[][] samples, int neighbours = 3)
    {
        using var x = torch.tensor(real.SelectMany(row => row).ToArray(), [real.Length, real[0].Length]);
        using var y = torch.tensor(samples.SelectMany(row => row).ToArray(), [samples.Length, samples[0].Length]);
        return PrecisionRecall.Between(x, y, neighbours);
    }

    private static double[][] Scaled(double[][] rows) => [.. rows.Select(row => row.Select(v => 4 * v).ToArray())];

    /// <summary>The share of points within some centre's distance to its k-th neighbour, by sorting.</summary>
    private static double Share(double[][] centres, double[][] points, int neighbours)
    {
        var radii = centres.Select(c => centres.Select(o => Distance(c, o)).Order().ElementAt(neighbours)).ToList();
        return points.Count(p => centres.Zip(radii).Any(ball => Distance(ball.First, p) <= ball.Second))
            / (double)points.Length;
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
