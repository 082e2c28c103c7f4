using System.Numerics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// What a set of feature vectors covers: balls around them that reach to the k-th nearest neighbour within the set.
/// </summary>
/// <remarks>
/// Distances count as sums of squared differences, so that equal vectors are at 0 exactly. A matrix product, which is many times
/// as fast and loses digits, decides wherever its error cannot matter.
/// </remarks>
internal sealed class FeatureManifold
{
    private const int BlockRows = 256;

    // Of the rounding errors of |x|² + |y|² - 2xy over vectors of a few thousand values, with room to spare.
    private const double RelativeError = 1e-11;

    private readonly double[] _values;
    private readonly double[] _norms;
    private readonly int _size;

    // Squared distances to the nearest neighbours of every vector, the nearest first.
    private readonly double[] _nearest;
    private readonly int _neighbours;

    /// <param name="vectors">[N, D]; borrowed.</param>
    /// <param name="neighbours">The largest k that is asked for, less than N.</param>
    public FeatureManifold(Tensor vectors, int neighbours)
    {
        using var scope = NewDisposeScope();
        (Count, _size, _neighbours) = ((int)vectors.shape[0], (int)vectors.shape[1], neighbours);
        _values = vectors.detach().to(float64, CPU).contiguous().data<double>().ToArray();
        _norms = [.. Enumerable.Range(0, Count).Select(i => Norm(Row(i)))];
        _nearest = new double[Count * neighbours];
        _nearest.AsSpan().Fill(double.PositiveInfinity);
        FindNearest();
    }

    /// <summary>How many vectors there are.</summary>
    public int Count { get; }

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

    /// <summary>Counts which vectors of another set lie in which balls of this one.</summary>
    /// <param name="points">The other set.</param>
    /// <param name="neighbours">k, at most that of the constructor.</param>
    public BallCounts CountIn(FeatureManifold points, int neighbours)
    {
        var balls = new int[points.Count];
        var inside = new int[Count];
        VisitBlocks(
            points,
            (row, column, product) =>
            {
                var radius = _nearest[row * _neighbours + neighbours - 1];
                var rough = _norms[row] + points._norms[column] - 2 * product;
                var error = RelativeError * (_norms[row] + points._norms[column]);
                var isInside =
                    Math.Abs(rough - radius) > error
                        ? rough < radius
                        : SquaredDistance(Row(row), points.Row(column)) <= radius;
                if (isInside)
                {
                    balls[column]++;
                    inside[row]++;
                }
            }
        );
        return new BallCounts(balls, inside);
    }

    private void FindNearest() =>
        VisitBlocks(
            this,
            (row, column, product) =>
            {
                var furthest = _nearest[row * _neighbours + _neighbours - 1];
                var error = RelativeError * (_norms[row] + _norms[column]);
                if (row != column && _norms[row] + _norms[column] - 2 * product <= furthest + error)
                {
                    Insert(row, SquaredDistance(Row(row), Row(column)));
                }
            }
        );

    private void Insert(int row, double distance)
    {
        var nearest = _nearest.AsSpan(row * _neighbours, _neighbours);
        for (var at = nearest.Length - 1; at >= 0 && distance < nearest[at]; at--)
        {
            if (at + 1 < nearest.Length)
            {
                nearest[at + 1] = nearest[at];
            }

            nearest[at] = distance;
        }
    }

    // Calls with the product of every vector of this set and every vector of the other, block by block.
    private void VisitBlocks(FeatureManifold others, Action<int, int, double> visit)
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var ours = tensor(_values, [Count, _size]);
        var theirs = (ReferenceEquals(others, this) ? ours : tensor(others._values, [others.Count, _size])).t();
        for (var first = 0; first < Count; first += BlockRows)
        {
            using var step = NewDisposeScope();
            var rows = Math.Min(BlockRows, Count - first);
            var products = ours.narrow(0, first, rows).mm(theirs).data<double>().ToArray();
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < others.Count; column++)
                {
                    visit(first + row, column, products[row * others.Count + column]);
                }
            }
        }
    }

    private ReadOnlySpan<double> Row(int i) => _values.AsSpan(i * _size, _size);

    private static double Norm(ReadOnlySpan<double> a)
    {
        var sum = 0.0;
        foreach (var value in a)
        {
            sum += value * value;
        }

        return sum;
    }

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

/// <summary>How balls and vectors meet.</summary>
/// <param name="Balls">For every vector, in how many balls it lies.</param>
/// <param name="Inside">For every ball, how many vectors lie in it.</param>
internal sealed record BallCounts(int[] Balls, int[] Inside)
{
    /// <summary>The share of vectors that lie in a ball.</summary>
    public double ShareCovered => Balls.Count(count => count > 0) / (double)Balls.Length;

    /// <summary>The share of balls in which a vector lies.</summary>
    public double ShareReached => Inside.Count(count => count > 0) / (double)Inside.Length;
}
