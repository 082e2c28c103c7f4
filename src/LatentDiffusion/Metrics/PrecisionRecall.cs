using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// Precision and recall of samples (Kynkaanniemi et al. 2019), which tell apart what a Frechet distance mixes: how many
/// samples look real, and how much of what is real is sampled. A set's manifold is the union of balls around its vectors that
/// reach to the k-th nearest neighbour.
/// </summary>
/// <param name="Precision">The share of samples within the real images' manifold, 0 to 1.</param>
/// <param name="Recall">The share of real images within the samples' manifold, 0 to 1.</param>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>The usual k.</summary>
    public const int UsualNeighbours = 3;

    /// <summary>Compares two sets, in float64.</summary>
    /// <param name="real">[N, D]; borrowed.</param>
    /// <param name="samples">[M, D]; borrowed.</param>
    /// <param name="neighbours">k, at least 1.</param>
    /// <returns>Null where a set has no more than k vectors.</returns>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    public static PrecisionRecall? Between(Tensor real, Tensor samples, int neighbours = UsualNeighbours)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbours, 1);
        if (real.dim() != 2 || samples.dim() != 2 || real.shape[1] != samples.shape[1])
        {
            throw new ArgumentException(
                $"Features must be [N, D] and [M, D], not [{string.Join(", ", real.shape)}] and "
                    + $"[{string.Join(", ", samples.shape)}]."
            );
        }

        if (Math.Min(real.shape[0], samples.shape[0]) <= neighbours)
        {
            return null;
        }

        var (a, b) = (new Manifold(real, neighbours), new Manifold(samples, neighbours));
        return new PrecisionRecall(a.ShareOf(b), b.ShareOf(a));
    }

    /// <summary>Distances are sums of squared differences, not of products: equal vectors are at 0 exactly.</summary>
    private sealed class Manifold
    {
        private readonly double[] _values;
        private readonly int _size;
        private readonly int _count;
        private readonly double[] _radii;

        public Manifold(Tensor vectors, int neighbours)
        {
            using var scope = NewDisposeScope();
            (_count, _size) = ((int)vectors.shape[0], (int)vectors.shape[1]);
            _values = vectors.detach().to(float64, CPU).contiguous().data<double>().ToArray();
            _radii = [.. Enumerable.Range(0, _count).Select(i => Nearest(i, neighbours))];
        }

        public double ShareOf(Manifold points) =>
            Enumerable.Range(0, points._count).Count(i => Covers(points.Row(i))) / (double)points._count;

        private bool Covers(ReadOnlySpan<double> point)
        {
            for (var i = 0; i < _count; i++)
            {
                if (SquaredDistance(Row(i), point) <= _radii[i])
                {
                    return true;
                }
            }

            return false;
        }

        private double Nearest(int index, int neighbours)
        {
            var nearest = new double[neighbours];
            nearest.AsSpan().Fill(double.PositiveInfinity);
            for (var i = 0; i < _count; i++)
            {
                var distance = i == index ? double.PositiveInfinity : SquaredDistance(Row(i), Row(index));
                for (var at = neighbours - 1; at >= 0 && distance < nearest[at]; at--)
                {
                    if (at + 1 < neighbours)
                    {
                        nearest[at + 1] = nearest[at];
                    }

                    nearest[at] = distance;
                }
            }

            return nearest[^1];
        }

        private ReadOnlySpan<double> Row(int i) => _values.AsSpan(i * _size, _size);

        private static double SquaredDistance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
        {
            var wholeA = MemoryMarshal.Cast<double, Vector<double>>(a);
            var wholeB = MemoryMarshal.Cast<double, Vector<double>>(b);
            var sums = Vector<double>.Zero;
            for (var i = 0; i < wholeA.Length; i++)
            {
                var difference = wholeA[i] - wholeB[i];
                sums += difference * difference;
            }

            var sum = Vector.Sum(sums);
            for (var i = wholeA.Length * Vector<double>.Count; i < a.Length; i++)
            {
                sum += (a[i] - b[i]) * (a[i] - b[i]);
            }

            return sum;
        }
    }
}
