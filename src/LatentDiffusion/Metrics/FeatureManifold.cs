using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// What a set of feature vectors covers: balls around them that reach to the k-th nearest neighbour within the set.
/// </summary>
/// <remarks>Distances are sums of squared differences, not of products: equal vectors are at 0 exactly.</remarks>
internal sealed class FeatureManifold
{
    private readonly double[] _values;
    private readonly int _size;
    private readonly int _count;
    private readonly double[] _radii;

    /// <param name="vectors">[N, D]; borrowed.</param>
    /// <param name="neighbours">k, less than N.</param>
    public FeatureManifold(Tensor vectors, int neighbours)
    {
        using var scope = NewDisposeScope();
        (_count, _size) = ((int)vectors.shape[0], (int)vectors.shape[1]);
        _values = vectors.detach().to(float64, CPU).contiguous().data<double>().ToArray();
        _radii = [.. Enumerable.Range(0, _count).Select(i => Nearest(i, neighbours))];
    }

    /// <summary>How many vectors there are.</summary>
    public int Count => _count;

    /// <summary>Refuses sets that cannot be compared.</summary>
    /// <exception cref="ArgumentException">The shapes do not go together.</exception>
    public static void Check(Tensor real, Tensor samples, int neighbours)
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
    }

    /// <summary>The share of another set's vectors that lie in a ball of this one.</summary>
    public double ShareOf(FeatureManifold points) =>
        Enumerable.Range(0, points._count).Count(i => Covers(points.Row(i))) / (double)points._count;

    /// <summary>How many balls hold a vector of another set, counted for every vector and summed.</summary>
    public long BallsAround(FeatureManifold points)
    {
        var balls = 0L;
        for (var j = 0; j < points._count; j++)
        {
            for (var i = 0; i < _count; i++)
            {
                balls += SquaredDistance(Row(i), points.Row(j)) <= _radii[i] ? 1 : 0;
            }
        }

        return balls;
    }

    /// <summary>The share of this set's balls in which a vector of another set lies.</summary>
    public double ShareOfBallsWith(FeatureManifold points) =>
        Enumerable.Range(0, _count).Count(i => HoldsAny(i, points)) / (double)_count;

    private bool HoldsAny(int ball, FeatureManifold points)
    {
        for (var j = 0; j < points._count; j++)
        {
            if (SquaredDistance(Row(ball), points.Row(j)) <= _radii[ball])
            {
                return true;
            }
        }

        return false;
    }

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
