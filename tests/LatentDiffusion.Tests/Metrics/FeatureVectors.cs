using LatentDiffusion.Metrics;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Metrics;

/// <summary>Vectors from seeds, and their statistics.</summary>
internal static class FeatureVectors
{
    /// <summary>Rows of a random set: correlated, off centre, of unequal spread.</summary>
    public static double[][] Random(int count, int size, int seed)
    {
        var random = new Random(seed);
        var mixing = Enumerable.Range(0, size * size).Select(_ => random.NextDouble() * 2 - 1).ToArray();
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ =>
                {
                    var draws = Enumerable.Range(0, size).Select(_ => random.NextDouble() * 2 - 1).ToArray();
                    return Enumerable
                        .Range(0, size)
                        .Select(i => i + draws.Select((d, j) => d * mixing[i * size + j]).Sum())
                        .ToArray();
                }),
        ];
    }

    public static FeatureMoments Moments(double[][] rows)
    {
        using var statistics = new FeatureStatistics(rows[0].Length);
        Add(statistics, rows);
        return statistics.ToMoments();
    }

    public static void Add(FeatureStatistics statistics, double[][] rows)
    {
        using var vectors = tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, statistics.Size]);
        statistics.Add(vectors);
    }

    /// <summary>Moments without correlations.</summary>
    public static FeatureMoments Diagonal(double[] mean, double[] deviations)
    {
        var covariance = new double[mean.Length * mean.Length];
        for (var i = 0; i < mean.Length; i++)
        {
            covariance[i * mean.Length + i] = deviations[i] * deviations[i];
        }

        return new FeatureMoments(10, mean, covariance);
    }
}
