using CsCheck;
using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Metrics;

[Collection(nameof(ProcessWideState))]
public sealed class FeatureStatisticsTests
{
    [Fact]
    public void Mean_and_covariance_are_those_of_the_definition_however_the_set_is_divided() =>
        Gen.Select(Gen.Int[2, 30], Gen.Int[1, 6], Gen.Int[1, 9], Gen.Int[0, 30], Gen.Int[0, 1000])
            .Sample(
                (count, size, batch, taken, seed) =>
                {
                    var rows = FeatureVectors.Random(count, size, seed);
                    using var first = new FeatureStatistics(size);
                    using var second = new FeatureStatistics(size);
                    foreach (var part in rows.Take(taken).Chunk(batch))
                    {
                        FeatureVectors.Add(first, part);
                    }

                    foreach (var part in rows.Skip(taken).Chunk(batch))
                    {
                        FeatureVectors.Add(second, part);
                    }

                    first.Add(second);
                    AssertDefinition(rows, first.ToMoments());
                },
                iter: 100
            );

    [Fact]
    public void Far_from_the_origin_nothing_is_lost()
    {
        var rows = FeatureVectors.Random(50, 3, seed: 4);
        var far = rows.Select(row => row.Select(v => v + 1e7).ToArray()).ToArray();

        var near = FeatureVectors.Moments(rows).Covariance;
        Assert.All(
            near.Zip(FeatureVectors.Moments(far).Covariance),
            pair => Assert.Equal(pair.First, pair.Second, 1e-6)
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Fewer_than_two_vectors_have_no_covariance(int count)
    {
        using var statistics = new FeatureStatistics(3);
        using var vectors = ones(count, 3);
        statistics.Add(vectors);

        Assert.Equal(count, statistics.Count);
        var refusal = Assert.Throws<UserInputException>(statistics.ToMoments);
        Assert.Contains($"at least 2 images, and there are {count}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vectors_of_another_length_are_refused()
    {
        using var statistics = new FeatureStatistics(3);
        using var other = new FeatureStatistics(4);
        using var vectors = ones(2, 4);

        Assert.Throws<ArgumentException>(() => statistics.Add(vectors));
        Assert.Throws<ArgumentException>(() => statistics.Add(other));
        Assert.Equal(0, statistics.Count);
    }

    [Fact]
    public void No_tensor_is_left_behind() =>
        LiveTensors.Unchanged(() =>
        {
            var moments = FeatureVectors.Moments(FeatureVectors.Random(8, 3, seed: 1));
            FrechetDistance.Between(moments, moments);
        });

    private static void AssertDefinition(double[][] rows, FeatureMoments moments)
    {
        var size = rows[0].Length;
        Assert.Equal(rows.Length, moments.Count);
        for (var i = 0; i < size; i++)
        {
            Assert.Equal(Mean(i), moments.Mean[i], 1e-9);
            for (var j = 0; j < size; j++)
            {
                var expected = rows.Sum(row => (row[i] - Mean(i)) * (row[j] - Mean(j))) / (rows.Length - 1);
                Assert.Equal(expected, moments.Covariance[i * size + j], 1e-9);
            }
        }

        double Mean(int i) => rows.Average(row => row[i]);
    }
}
