using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// The Frechet distance of two sets of images, seen as normal distributions of their feature vectors (FID; rFID between
/// inputs and reconstructions). Its value depends on the network that made the features: compare numbers of one network
/// and of equally many images only.
/// </summary>
public static class FrechetDistance
{
    /// <summary>|m1 - m2|² + Tr(C1 + C2 - 2 (C1 C2)^½), in float64 through symmetric eigenvalue problems.</summary>
    /// <returns>0 for equal moments, otherwise more.</returns>
    /// <exception cref="ArgumentException">The vectors differ in length, or a value is not finite.</exception>
    public static double Between(FeatureMoments first, FeatureMoments second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Size != second.Size)
        {
            throw new ArgumentException(
                $"Features of {first.Size} and of {second.Size} values cannot be compared: use one network for both."
            );
        }

        RequireFinite(first, nameof(first));
        RequireFinite(second, nameof(second));
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var (covariance1, covariance2) = (CovarianceOf(first), CovarianceOf(second));
        // The square root of C1 C2 has the trace of that of the symmetric sqrt(C1) C2 sqrt(C1).
        var root = SquareRoot(covariance1);
        var product = root.mm(covariance2).mm(root);
        // Rounding leaves eigenvalues a little below zero where covariances have no full rank.
        var cross = linalg.eigvalsh(product).clamp(min: Scalars.Of(0)).sqrt().sum().item<double>();
        var traces = covariance1.trace().Plus(covariance2.trace()).item<double>();
        var means = first.Mean.Zip(second.Mean, (a, b) => (a - b) * (a - b)).Sum();
        return Math.Max(0, means + traces - 2 * cross);
    }

    private static void RequireFinite(FeatureMoments moments, string name)
    {
        if (!moments.Mean.All(double.IsFinite) || !moments.Covariance.All(double.IsFinite))
        {
            throw new ArgumentException("Some features are not finite numbers.", name);
        }
    }

    private static Tensor CovarianceOf(FeatureMoments moments) =>
        tensor(moments.Covariance.ToArray(), [moments.Size, moments.Size]);

    private static Tensor SquareRoot(Tensor symmetric)
    {
        var (values, vectors) = linalg.eigh(symmetric);
        return (vectors * values.clamp(min: Scalars.Of(0)).sqrt()).mm(vectors.t());
    }
}
