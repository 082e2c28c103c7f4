using CsCheck;
using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

[Collection(nameof(ProcessWideState))]
public sealed class KernelDistanceTests
{
    [Fact]
    public void Two_numbers_against_two_are_what_a_person_computes()
    {
        // (0 1 + 1)³ = 1 within the first, (2 3 + 1)³ = 343 within the second, (1 + 1 + 27 + 64) / 4 across.
        Assert.Equal(
            1 + 343 - 2 * 93.0 / 4,
            Between(
                [
                    [0],
                    [1],
                ],
                [
                    [2],
                    [3],
                ]
            ),
            1e-9
        );
    }

    [Fact]
    public void It_is_the_definition_whatever_the_order_of_sets_vectors_and_values() =>
        Gen.Select(Gen.Int[2, 12], Gen.Int[2, 12], Gen.Int[1, 6], Gen.Int[0, 1000])
            .Sample(
                (n, m, size, seed) =>
                {
                    var first = FeatureVectors.Random(n, size, seed);
                    var second = FeatureVectors.Random(m, size, seed + 1);
                    var distance = Between(first, second);
                    var tolerance =
                        1e-10
                        * (1 + PlainKernelDistance.Across(first, first) + PlainKernelDistance.Across(second, second));

                    Assert.Equal(PlainKernelDistance.Between(first, second), distance, tolerance);
                    Assert.Equal(distance, Between(second, first), tolerance);
                    Assert.Equal(distance, Between([.. first.Reverse()], second), tolerance);
                    Assert.Equal(distance, Between(Mirrored(first), Mirrored(second)), tolerance);
                },
                iter: 50
            );

    [Fact]
    public void Sets_of_one_distribution_are_at_distance_0_on_average()
    {
        var distances = Enumerable
            .Range(0, 400)
            .Select(i => Between(Uniform(10, 2 * i), Uniform(10, 2 * i + 1)))
            .ToList();

        var (mean, deviation) = MeanAndDeviation(distances);
        Assert.True(distances.Exists(d => d < 0));
        Assert.InRange(mean, -4 * deviation / Math.Sqrt(distances.Count), 4 * deviation / Math.Sqrt(distances.Count));
    }

    [Fact]
    public void Subsets_scatter_around_the_distance_of_whole_sets()
    {
        using var first = Tensor(FeatureVectors.Random(60, 3, seed: 1));
        using var second = Tensor(FeatureVectors.Random(50, 3, seed: 2));
        var whole = KernelDistance.Between(first, second);

        var subsets = KernelDistance.OfSubsets(first, second, seed: 5, subsets: 300, size: 20);

        var (mean, deviation) = MeanAndDeviation(subsets);
        Assert.Equal(300, subsets.Distinct().Count());
        Assert.InRange(mean - whole, -4 * deviation / Math.Sqrt(300), 4 * deviation / Math.Sqrt(300));
        Assert.Equal(subsets, KernelDistance.OfSubsets(first, second, seed: 5, subsets: 300, size: 20));
        Assert.NotEqual(subsets, KernelDistance.OfSubsets(first, second, seed: 6, subsets: 300, size: 20));
    }

    [Fact]
    public void Small_sets_of_one_size_are_taken_whole()
    {
        using var first = Tensor(FeatureVectors.Random(8, 3, seed: 1));
        using var second = Tensor(FeatureVectors.Random(8, 3, seed: 2));

        Assert.Equal([KernelDistance.Between(first, second)], KernelDistance.OfSubsets(first, second, seed: 0));
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        var refusal = Assert.Throws<UserInputException>(() =>
            Between(
                [
                    [1, 2],
                ],
                [
                    [1, 2],
                    [3, 4],
                ]
            )
        );
        Assert.Contains("at least 2 images in each set, and there are 1", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() =>
            Between(
                [
                    [1, 2],
                    [3, 4],
                ],
                [
                    [1],
                    [2],
                ]
            )
        );
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var first = Tensor(FeatureVectors.Random(9, 3, seed: 1));
        using var second = Tensor(FeatureVectors.Random(8, 3, seed: 2));
        LiveTensors.Unchanged(() =>
        {
            KernelDistance.OfSubsets(first, second, seed: 0, subsets: 3);
            KernelDistance.Estimate(first, second, seed: 0, subsets: 3, size: 4);
            PrecisionRecall.Between(first, second);
        });
    }

    private static torch.Tensor Tensor(double[][] rows) =>
        torch.tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);

    private static double Between(double[][] first, double[][] second)
    {
        using var x = Tensor(first);
        using var y = Tensor(second);
        return KernelDistance.Between(x, y);
    }

    private static double[][] Mirrored(double[][] rows) => [.. rows.Select(row => row.Reverse().ToArray())];

    private static double[][] Uniform(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (double[])[random.NextDouble(), random.NextDouble()])];
    }

    private static (double Mean, double Deviation) MeanAndDeviation(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }
}
