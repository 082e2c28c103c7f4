using CsCheck;
using LatentDiffusion.Metrics;
using MathNet.Numerics.LinearAlgebra;
using Xunit;

namespace LatentDiffusion.Tests.Metrics;

public sealed class FrechetDistanceTests
{
    [Fact]
    public void Without_correlations_means_and_deviations_are_compared_one_by_one()
    {
        var first = FeatureVectors.Diagonal([0, 1, -2], [1, 2, 0.5]);
        var second = FeatureVectors.Diagonal([3, 1, 0], [1, 5, 0]);

        Assert.Equal(9 + 4 + 3 * 3 + 0.5 * 0.5, FrechetDistance.Between(first, second), 1e-9);
    }

    [Fact]
    public void Two_values_with_any_correlations_follow_the_closed_form() =>
        Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 10_000])
            .Sample(
                (seed1, seed2) =>
                {
                    var first = FeatureVectors.Moments(FeatureVectors.Random(5, 2, seed1));
                    var second = FeatureVectors.Moments(FeatureVectors.Random(7, 2, seed2));
                    Assert.Equal(ClosedForm(first, second), FrechetDistance.Between(first, second), 1e-6);
                },
                iter: 200
            );

    // Not through symmetric roots: the eigenvalues of C1 C2 itself, by another library.
    [Theory]
    [InlineData(40, 60, 12)]
    [InlineData(10, 9, 16)]
    public void Another_librarys_eigenvalues_give_the_same(int count, int others, int size)
    {
        var first = FeatureVectors.Random(count, size, seed: 21);
        var second = FeatureVectors.Random(others, size, seed: 22);
        var (a, b) = (Matrix<double>.Build.DenseOfRowArrays(first), Matrix<double>.Build.DenseOfRowArrays(second));
        var (means1, means2) = (a.ColumnSums() / count, b.ColumnSums() / others);
        var (covariance1, covariance2) = (Covariance(a, means1), Covariance(b, means2));
        var cross = (covariance1 * covariance2).Evd().EigenValues.Sum(v => Math.Sqrt(Math.Max(0, v.Real)));
        var shift = (means1 - means2).L2Norm();

        Assert.Equal(
            shift * shift + covariance1.Trace() + covariance2.Trace() - 2 * cross,
            Between(first, second),
            1e-4
        );

        static Matrix<double> Covariance(Matrix<double> rows, Vector<double> mean)
        {
            var centred = rows - Matrix<double>.Build.Dense(rows.RowCount, rows.ColumnCount, (_, j) => mean[j]);
            return centred.TransposeThisAndMultiply(centred) / (rows.RowCount - 1);
        }
    }

    [Fact]
    public void A_set_is_at_distance_0_of_itself_even_with_fewer_images_than_values() =>
        Gen.Select(Gen.Int[2, 30], Gen.Int[1, 20], Gen.Int[0, 1000])
            .Sample(
                (count, size, seed) =>
                {
                    var moments = FeatureVectors.Moments(FeatureVectors.Random(count, size, seed));
                    Assert.InRange(FrechetDistance.Between(moments, moments), 0, 1e-5);
                },
                iter: 50
            );

    [Fact]
    public void Order_of_the_sets_and_of_the_values_and_a_common_shift_do_not_matter() =>
        Gen.Select(Gen.Int[2, 12], Gen.Int[2, 8], Gen.Int[0, 1000])
            .Sample(
                (count, size, seed) =>
                {
                    var first = FeatureVectors.Random(count, size, seed);
                    var second = FeatureVectors.Random(count + 1, size, seed + 1);
                    var distance = Between(first, second);

                    Assert.Equal(distance, Between(second, first), 1e-5);
                    Assert.Equal(distance, Between(Reversed(first), Reversed(second)), 1e-5);
                    Assert.Equal(distance, Between(Shifted(first), Shifted(second)), 1e-5);
                },
                iter: 50
            );

    [Fact]
    public void A_shift_of_one_set_adds_its_square()
    {
        var rows = FeatureVectors.Random(20, 4, seed: 3);

        Assert.Equal(4 * 25, Between(rows, Shifted(rows)), 1e-6);
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        var small = FeatureVectors.Diagonal([0], [1]);
        var large = FeatureVectors.Diagonal([0, 0], [1, 1]);
        var broken = FeatureVectors.Diagonal([0, double.NaN], [1, 1]);

        Assert.Throws<ArgumentException>(() => FrechetDistance.Between(small, large));
        Assert.Throws<ArgumentException>(() => FrechetDistance.Between(large, broken));
        Assert.Throws<ArgumentException>(() => new FeatureMoments(3, [0, 0], [1, 0, 0]));
    }

    private static double Between(double[][] first, double[][] second) =>
        FrechetDistance.Between(FeatureVectors.Moments(first), FeatureVectors.Moments(second));

    private static double[][] Reversed(double[][] rows) => [.. rows.Select(row => row.Reverse().ToArray())];

    private static double[][] Shifted(double[][] rows) => [.. rows.Select(row => row.Select(v => v + 5).ToArray())];

    // The trace of the square root of a 2x2 matrix is sqrt(trace + 2 sqrt(determinant)).
    private static double ClosedForm(FeatureMoments first, FeatureMoments second)
    {
        var (a, b) = (first.Covariance, second.Covariance);
        var trace = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3];
        var determinant = (a[0] * a[3] - a[1] * a[2]) * (b[0] * b[3] - b[1] * b[2]);
        var cross = Math.Sqrt(trace + 2 * Math.Sqrt(Math.Max(0, determinant)));
        return first.Mean.Zip(second.Mean, (x, y) => (x - y) * (x - y)).Sum() + a[0] + a[3] + b[0] + b[3] - 2 * cross;
    }
}
