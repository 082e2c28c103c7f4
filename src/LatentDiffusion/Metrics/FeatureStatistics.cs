using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// Gathers mean and covariance of feature vectors in float64, batch by batch, without keeping the vectors. Parts of a set
/// can be gathered apart and added up; how a set is divided changes the result by rounding only.
/// </summary>
public sealed class FeatureStatistics : IDisposable
{
    private readonly Tensor _mean;

    // Sum of the outer products of the deviations from the mean.
    private readonly Tensor _scatter;

    /// <summary>Statistics of nothing yet.</summary>
    /// <param name="size">Length of the vectors, at least 1.</param>
    public FeatureStatistics(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        _mean = zeros(size, dtype: float64).DetachFromDisposeScope();
        _scatter = zeros(size, size, dtype: float64).DetachFromDisposeScope();
    }

    /// <summary>Goes on from moments.</summary>
    /// <param name="moments">Of at least two vectors.</param>
    public static FeatureStatistics Of(FeatureMoments moments)
    {
        ArgumentNullException.ThrowIfNull(moments);
        using var scope = NewDisposeScope();
        var statistics = new FeatureStatistics(moments.Size) { Count = moments.Count };
        statistics._mean.copy_(tensor(moments.Mean.ToArray()));
        statistics._scatter.copy_(
            tensor(moments.Covariance.ToArray(), [moments.Size, moments.Size]).mul(Scalars.Of(moments.Count - 1))
        );
        return statistics;
    }

    /// <summary>Length of the vectors.</summary>
    public int Size { get; }

    /// <summary>How many vectors were added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a batch of vectors.</summary>
    /// <param name="vectors">[B, <see cref="Size"/>] of any number type; borrowed.</param>
    /// <exception cref="ArgumentException">The shape is another one.</exception>
    public void Add(Tensor vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (vectors.dim() != 2 || vectors.shape[1] != Size)
        {
            throw new ArgumentException($"Vectors must be [B, {Size}], not [{string.Join(", ", vectors.shape)}].");
        }

        if (vectors.shape[0] == 0)
        {
            return;
        }

        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var values = vectors.detach().to(float64, CPU);
        var mean = values.mean([0]);
        var deviations = values - mean;
        Combine(values.shape[0], mean, deviations.t().mm(deviations));
    }

    /// <summary>Adds what another object has gathered.</summary>
    /// <param name="other">Statistics of vectors of the same length; stays as it is.</param>
    /// <exception cref="ArgumentException">The vectors have other lengths.</exception>
    public void Add(FeatureStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Size != Size)
        {
            throw new ArgumentException($"Vectors of {other.Size} values do not go with vectors of {Size}.");
        }

        if (other.Count > 0)
        {
            using var scope = NewDisposeScope();
            Combine(other.Count, other._mean, other._scatter);
        }
    }

    /// <summary>Mean and unbiased covariance of all vectors so far.</summary>
    /// <exception cref="UserInputException">There are fewer than two.</exception>
    public FeatureMoments ToMoments()
    {
        if (Count < 2)
        {
            throw new UserInputException(
                $"A covariance of features needs at least 2 images, and there are {Count}: give more images."
            );
        }

        using var scope = NewDisposeScope();
        var covariance = _scatter.div(Scalars.Of(Count - 1));
        return new FeatureMoments(Count, _mean.data<double>().ToArray(), covariance.data<double>().ToArray());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mean.Dispose();
        _scatter.Dispose();
    }

    private void Combine(long count, Tensor mean, Tensor scatter)
    {
        var total = Count + count;
        var shift = mean - _mean;
        _scatter.PlusInPlace(scatter).add_(shift.outer(shift), alpha: Scalars.Of((double)Count * count / total));
        _mean.add_(shift, alpha: Scalars.Of((double)count / total));
        Count = total;
    }
}
