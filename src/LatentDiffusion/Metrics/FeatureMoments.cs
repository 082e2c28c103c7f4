namespace LatentDiffusion.Metrics;

/// <summary>Mean and covariance of the feature vectors of a set of images.</summary>
public sealed class FeatureMoments
{
    /// <summary>Takes over the values; nobody may change them afterwards.</summary>
    /// <param name="count">How many vectors they are of.</param>
    /// <param name="mean">[D].</param>
    /// <param name="covariance">[D, D] row by row, symmetric, of an unbiased estimate.</param>
    /// <exception cref="ArgumentException">The lengths do not go together.</exception>
    public FeatureMoments(long count, IReadOnlyList<double> mean, IReadOnlyList<double> covariance)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(covariance);
        if (mean.Count == 0 || covariance.Count != (long)mean.Count * mean.Count)
        {
            throw new ArgumentException(
                $"A mean of {mean.Count} values does not go with {covariance.Count} covariances."
            );
        }

        Count = count;
        Mean = mean;
        Covariance = covariance;
    }

    /// <summary>How many vectors these are the moments of.</summary>
    public long Count { get; }

    /// <summary>Length of the vectors.</summary>
    public int Size => Mean.Count;

    /// <summary>[<see cref="Size"/>].</summary>
    public IReadOnlyList<double> Mean { get; }

    /// <summary>[<see cref="Size"/>, <see cref="Size"/>], row by row.</summary>
    public IReadOnlyList<double> Covariance { get; }
}
