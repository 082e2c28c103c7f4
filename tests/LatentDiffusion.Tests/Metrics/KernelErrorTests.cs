using CsCheck;
using LatentDiffusion.Metrics;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class KernelErrorTests
{
    [Fact]
    public void The_standard_error_is_that_of_leaving_out_every_vector_once() =>
        Gen.Select(Gen.Int[3, 9], Gen.Int[3, 9], Gen.Int[1, 5], Gen.Int[0, 1000])
            .Sample(
                (n, m, size, seed) =>
                {
                    var first = FeatureVectors.Random(n, size, seed);
                    var second = FeatureVectors.Random(m, size, seed + 1);
                    using var x = Tensor(first);
                    using var y = Tensor(second);
                    var expected = Math.Sqrt(LeavingOutFirst(first, second) + LeavingOutFirst(second, first));

                    var measured = KernelDistance.StandardError(x, y)!.Value;

                    Assert.Equal(expected, measured, 1e-7 * (1 + expected));
                    Assert.Equal(measured, KernelDistance.StandardError(y, x)!.Value, 1e-7 * (1 + expected));
                },
                iter: 50
            );

    [Fact]
    public void Some_vectors_stand_for_all_of_a_large_set()
    {
        var (first, second) = (FeatureVectors.Random(12, 3, seed: 1), FeatureVectors.Random(5, 3, seed: 2));
        double[][] some = [.. first.Where((_, i) => i % 2 == 0)];
        using var x = Tensor(first);
        using var y = Tensor(second);
        var expected = LeavingOutFirst(some, second) * 6 / 12 + LeavingOutFirst(second, some);

        Assert.Equal(expected, KernelJackknife.Variance(x, y, most: 6), 1e-7 * (1 + expected));
    }

    [Fact]
    public void Distances_of_sets_drawn_anew_deviate_by_the_standard_error()
    {
        var random = new Random(1);

        var estimates = Repeat(
            200,
            i => Estimate(Uniform(random, 20, 0), Uniform(random, 30, 0.5), seed: i, size: 1000, subsets: 25)
        );

        // Every subset has all of the first set and 20 of the second.
        Assert.InRange(RootMeanSquareError(estimates) / DeviationOfMeans(estimates), 0.7, 1.3);
    }

    [Fact]
    public void Few_subsets_add_to_the_error()
    {
        var random = new Random(2);

        var estimates = Repeat(
            100,
            i => Estimate(Uniform(random, 12, 0), Uniform(random, 60, 0.5), seed: i, size: 12, subsets: 3)
        );

        Assert.InRange(RootMeanSquareError(estimates) / DeviationOfMeans(estimates), 0.7, 1.3);
    }

    [Fact]
    public void Sets_taken_whole_have_a_standard_error_but_no_deviation()
    {
        var (first, second) = (FeatureVectors.Random(9, 3, seed: 1), FeatureVectors.Random(9, 3, seed: 2));
        using var x = Tensor(first);
        using var y = Tensor(second);

        var whole = KernelDistance.Estimate(x, y, seed: 0);
        var drawn = KernelDistance.Estimate(x, y, seed: 0, subsets: 50, size: 4);

        Assert.Equal(
            new KernelEstimate(KernelDistance.Between(x, y), KernelDistance.StandardError(x, y), Deviation: null),
            whole
        );
        var distances = KernelDistance.OfSubsets(x, y, seed: 0, subsets: 50, size: 4);
        var mean = distances.Average();
        Assert.Equal(mean, drawn.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(distances.Average(d => (d - mean) * (d - mean))), drawn.Deviation!.Value, 1e-12);
        Assert.True(drawn.StandardError > whole.StandardError);
    }

    [Fact]
    public void Two_images_have_no_standard_error()
    {
        using var x = Tensor(FeatureVectors.Random(2, 3, seed: 1));
        using var y = Tensor(FeatureVectors.Random(9, 3, seed: 2));

        Assert.Null(KernelDistance.StandardError(x, y));
        Assert.Null(KernelDistance.Estimate(x, y, seed: 0).StandardError);
    }

    private static List<KernelEstimate> Repeat(int times, Func<int, KernelEstimate> estimate) =>
        [.. Enumerable.Range(0, times).Select(estimate)];

    private static KernelEstimate Estimate(double[][] first, double[][] second, long seed, int size, int subsets = 100)
    {
        using var x = Tensor(first);
        using var y = Tensor(second);
        return KernelDistance.Estimate(x, y, seed, subsets, size);
    }

    private static double RootMeanSquareError(List<KernelEstimate> estimates) =>
        Math.Sqrt(estimates.Average(e => Math.Pow(e.StandardError!.Value, 2)));

    private static double DeviationOfMeans(List<KernelEstimate> estimates)
    {
        var mean = estimates.Average(e => e.Mean);
        return Math.Sqrt(estimates.Sum(e => (e.Mean - mean) * (e.Mean - mean)) / (estimates.Count - 1));
    }

    private static double[][] Uniform(Random random, int count, double shift) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ => (double[])[random.NextDouble() + shift, random.NextDouble() + shift]),
        ];

    private static torch.Tensor Tensor(double[][] rows) =>
        torch.tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);

    // The first set's part in the variance of the jackknife: the distance is computed anew without each vector.
    private static double LeavingOutFirst(double[][] first, double[][] second)
    {
        var distances = first
            .Select((_, i) => PlainKernelDistance.Between([.. first[..i], .. first[(i + 1)..]], second))
            .ToList();
        var mean = distances.Average();
        return (first.Length - 1.0) / first.Length * distances.Sum(d => (d - mean) * (d - mean));
    }
}
