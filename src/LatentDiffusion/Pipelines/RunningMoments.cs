using LatentDiffusion.Metrics;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Mean and covariance of any number of vectors: they are let go once there are enough of them to be worth a pass over
/// the covariance.
/// </summary>
/// <param name="size">Length of the vectors.</param>
internal sealed class RunningMoments(int size)
{
    private const int RowsKept = 1024;
    private readonly FeatureRows _rows = new(size);
    private FeatureMoments? _moments;

    /// <summary>Goes on from moments that were gathered before.</summary>
    public static RunningMoments Of(FeatureMoments moments) => new(moments.Size) { _moments = moments };

    /// <summary>Adds vectors, [B, size]; borrowed.</summary>
    public void Add(Tensor vectors)
    {
        _rows.Add(vectors);
        if (_rows.Count >= RowsKept)
        {
            Gather();
        }
    }

    /// <summary>Mean and covariance of all vectors.</summary>
    /// <exception cref="Errors.UserInputException">There are fewer than two.</exception>
    public FeatureMoments ToMoments()
    {
        if (_rows.Count > 0 || _moments is null)
        {
            Gather();
        }

        return _moments!;
    }

    private void Gather()
    {
        using var statistics = _moments is null ? new FeatureStatistics(size) : FeatureStatistics.Of(_moments);
        using var rows = _rows.ToTensor(float64);
        statistics.Add(rows);
        _moments = statistics.ToMoments();
        _rows.Clear();
    }
}
