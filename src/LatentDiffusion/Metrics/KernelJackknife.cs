using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// The variance of a kernel distance by the jackknife: what leaving out each vector of either set in turn does to it.
/// What is left after leaving one out follows from that vector's sums of kernels, so that nothing is computed twice.
/// </summary>
/// <remarks>
/// <para>
/// Where the sets are of one distribution, the jackknife overestimates: the distance then consists of pairs alone, each
/// of which is counted with both of its vectors, and the standard error is up to the root of two times too large.
/// </para>
/// <para>
/// Kernels of all pairs are needed, so that of large sets some vectors stand for all: a set's part in the variance
/// falls with the number of its vectors.
/// </para>
/// </remarks>
internal static class KernelJackknife
{
    /// <summary>The fewest vectors in a set: with one left out, there must be a pair.</summary>
    public const int Fewest = 3;

    /// <summary>The usual limit of the vectors that stand for a set.</summary>
    public const int UsualMost = 10_000;

    private const int BlockRows = 512;

    /// <summary>Estimates the variance of <see cref="KernelDistance.Between"/>, in float64.</summary>
    /// <param name="first">[N, D], N at least <see cref="Fewest"/>; borrowed.</param>
    /// <param name="second">[M, D], M at least <see cref="Fewest"/>; borrowed.</param>
    /// <param name="most">The most vectors of a set whose kernels are computed, evenly spaced.</param>
    public static double Variance(Tensor first, Tensor second, int most = UsualMost)
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var (x, y) = (Some(first, most), Some(second, most));
        var (n, m) = (x.shape[0], y.shape[0]);
        var (ofX, ofY) = SumsAcross(x, y);
        return Part(SumsWithin(x), ofX, m) * n / first.shape[0] + Part(SumsWithin(y), ofY, n) * m / second.shape[0];
    }

    private static Tensor Some(Tensor vectors, int most)
    {
        var count = vectors.shape[0];
        var plain = vectors.detach().cpu();
        if (count > most)
        {
            plain = plain.index_select(0, tensor(Enumerable.Range(0, most).Select(i => i * count / most).ToArray()));
        }

        return plain.to(float64);
    }

    // Without one of n vectors, the distance is S / ((n-1)(n-2)) - 2 C / ((n-1) m) and a rest that stays, where S is
    // the sum within the set less twice the vector's own, and C the sum across less the vector's own.
    private static double Part(Tensor within, Tensor across, long others)
    {
        var n = (double)within.shape[0];
        var effects = across
            .div(Scalars.Of((n - 1) * others))
            .sub(within.div(Scalars.Of((n - 1) * (n - 2))))
            .mul(Scalars.Of(2));
        var deviations = effects.sub(effects.mean());
        return (n - 1) / n * deviations.mul(deviations).sum().item<double>();
    }

    // For every vector its kernels with all others.
    private static Tensor SumsWithin(Tensor x)
    {
        var own = KernelDistance.OfProducts(x.mul(x).sum(1), x.shape[1]);
        return SumsAcross(x, x).Rows.sub(own);
    }

    // For every vector of either set its kernels with all of the other.
    private static (Tensor Rows, Tensor Columns) SumsAcross(Tensor x, Tensor y)
    {
        var (n, m) = (x.shape[0], y.shape[0]);
        var (rows, columns) = (zeros(n, dtype: float64), zeros(m, dtype: float64));
        for (var start = 0L; start < n; start += BlockRows)
        {
            using var step = NewDisposeScope();
            var count = Math.Min(BlockRows, n - start);
            var kernel = KernelDistance.Kernel(x.narrow(0, start, count), y);
            rows.narrow(0, start, count).copy_(kernel.sum(1));
            columns.PlusInPlace(kernel.t().sum(1));
        }

        return (rows, columns);
    }
}
