using LatentDiffusion.Errors;
using LatentDiffusion.Randomness;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// The kernel distance of two sets of images (KID; Binkowski et al. 2018): the unbiased estimate of the squared maximum mean
/// discrepancy of their feature vectors under the kernel (x y / D + 1)³. Unlike the Frechet distance its expectation does not
/// depend on how many images there are; it may come out a little below 0.
/// </summary>
public static class KernelDistance
{
    /// <summary>How many subsets are usually drawn.</summary>
    public const int UsualSubsets = 100;

    /// <summary>The usual limit of a subset's size.</summary>
    public const int UsualSubsetSize = 1000;

    // "KERN"
    private const long Purpose = 0x4b45524e;

    /// <summary>The distance of whole sets.</summary>
    /// <param name="first">[N, D], N at least 2; borrowed.</param>
    /// <param name="second">[M, D], M at least 2; borrowed.</param>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static double Between(Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Check(first, second);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var (x, y) = (first.to(float64, CPU), second.to(float64, CPU));
        return WithinMean(x) + WithinMean(y) - 2 * Kernel(x, y).mean().item<double>();
    }

    /// <summary>The distances of subsets, whose mean and deviation are reported.</summary>
    /// <param name="first">[N, D], N at least 2; borrowed.</param>
    /// <param name="second">[M, D], M at least 2; borrowed.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="subsets">How many subsets.</param>
    /// <param name="size">
    /// Images of each set in a subset, drawn without repetition; sets with fewer limit it. Where both sets are no larger than
    /// that, every subset would be everything, and one is taken.
    /// </param>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static IReadOnlyList<double> OfSubsets(
        Tensor first,
        Tensor second,
        long seed,
        int subsets = UsualSubsets,
        int size = UsualSubsetSize
    )
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Check(first, second);
        ArgumentOutOfRangeException.ThrowIfLessThan(subsets, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        var (n, m) = (first.shape[0], second.shape[0]);
        var taken = (int)Math.Min(size, Math.Min(n, m));
        if (taken == n && taken == m)
        {
            return [Between(first, second)];
        }

        using var scope = NewDisposeScope();
        // Only what is drawn becomes float64: sets may be large.
        var (x, y) = (first.detach().cpu(), second.detach().cpu());
        using var generator = new Generator((ulong)DerivedSeed.Of(seed, Purpose), CPU);
        List<double> distances = [];
        for (var i = 0; i < subsets; i++)
        {
            using var step = NewDisposeScope();
            distances.Add(Between(Draw(x, taken, generator), Draw(y, taken, generator)));
        }

        return distances;
    }

    /// <summary>The distance of subsets, see <see cref="OfSubsets"/>, with its errors.</summary>
    /// <param name="first">[N, D], N at least 2; borrowed.</param>
    /// <param name="second">[M, D], M at least 2; borrowed.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="subsets">How many subsets, at least 2: their spread tells how far the draws move the mean.</param>
    /// <param name="size">Images of each set in a subset, at most.</param>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static KernelEstimate Estimate(
        Tensor first,
        Tensor second,
        long seed,
        int subsets = UsualSubsets,
        int size = UsualSubsetSize
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(subsets, 2);
        var distances = OfSubsets(first, second, seed, subsets, size);
        var mean = distances.Average();
        var variance = distances.Average(d => (d - mean) * (d - mean));
        var isWhole = distances.Count == 1;
        // Of given sets, the mean over subsets scatters around the distance of the whole sets, which itself has the
        // error of the sets.
        var ofDraws = isWhole ? 0 : variance / (distances.Count - 1);
        return new KernelEstimate(
            mean,
            StandardError(first, second) is { } error ? Math.Sqrt(error * error + ofDraws) : null,
            isWhole ? null : Math.Sqrt(variance)
        );
    }

    /// <summary>
    /// The standard error of <see cref="Between"/>: by how much it would deviate for other sets of the same
    /// distributions and sizes, by the jackknife. Of sets with more than 10,000 vectors so many stand for all. Where
    /// both distributions are one, it is up to the root of two times too large.
    /// </summary>
    /// <param name="first">[N, D], N at least 2; borrowed.</param>
    /// <param name="second">[M, D], M at least 2; borrowed.</param>
    /// <returns>Null where a set has fewer than three vectors.</returns>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    /// <exception cref="UserInputException">A set has fewer than two images.</exception>
    public static double? StandardError(Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Check(first, second);
        return Math.Min(first.shape[0], second.shape[0]) < KernelJackknife.Fewest
            ? null
            : Math.Sqrt(KernelJackknife.Variance(first, second));
    }

    /// <summary>The kernels of all pairs, [N, M], of float64 vectors [N, D] and [M, D].</summary>
    internal static Tensor Kernel(Tensor x, Tensor y) => OfProducts(x.mm(y.t()), x.shape[1]);

    /// <summary>Kernels from products of vectors, in place.</summary>
    /// <param name="products">Of any shape, float64; becomes the result.</param>
    /// <param name="size">Length of the vectors.</param>
    internal static Tensor OfProducts(Tensor products, long size) =>
        products.div_(Scalars.Of(size)).add_(Scalars.Of(1)).pow_(Scalars.Of(3));

    private static Tensor Draw(Tensor vectors, int count, Generator generator) =>
        vectors.index_select(0, randperm(vectors.shape[0], int64, generator: generator).narrow(0, 0, count));

    // A vector beside itself says nothing of the distribution.
    private static double WithinMean(Tensor x)
    {
        using var scope = NewDisposeScope();
        var kernel = Kernel(x, x);
        var count = x.shape[0];
        return (kernel.sum() - kernel.trace()).item<double>() / (count * (count - 1.0));
    }

    private static void Check(Tensor first, Tensor second)
    {
        if (first.dim() != 2 || second.dim() != 2 || first.shape[1] != second.shape[1])
        {
            throw new ArgumentException(
                $"Features must be [N, D] and [M, D], not [{string.Join(", ", first.shape)}] and "
                    + $"[{string.Join(", ", second.shape)}]."
            );
        }

        var fewest = Math.Min(first.shape[0], second.shape[0]);
        if (fewest < 2)
        {
            throw new UserInputException(
                $"A kernel distance needs at least 2 images in each set, and there are {fewest}: give more images."
            );
        }
    }
}
