using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>A map [1, C, H, W] that can be read a few rows at a time, whether it lies in memory or not.</summary>
/// <param name="channels">C.</param>
/// <param name="height">H.</param>
/// <param name="width">W.</param>
internal abstract class RowSource(long channels, long height, long width)
{
    public long Channels => channels;

    public long Height => height;

    public long Width => width;

    /// <summary>Elements of the whole map.</summary>
    public long Elements => channels * height * width;

    /// <summary>Elements of the largest map that reading all rows goes through.</summary>
    public abstract long Load { get; }

    /// <summary>Rows <paramref name="first"/> to <paramref name="end"/> - 1.</summary>
    /// <returns>[1, C, end - first, W]; the caller's, which it may overwrite.</returns>
    public abstract Tensor Read(long first, long end);

    /// <summary>Says that rows before <paramref name="end"/> are not read again, so that their memory can be freed.</summary>
    public abstract void Release(long end);

    /// <summary>Splits the rows into bands whose share of <see cref="Load"/> is at most that many elements, or into single rows.</summary>
    public IEnumerable<(long First, long End)> Bands(long elements)
    {
        var count = Math.Clamp((Load + elements - 1) / elements, 1, height);
        for (var i = 0L; i < count; i++)
        {
            yield return (i * height / count, (i + 1) * height / count);
        }
    }

    /// <summary>The statistics of the whole map.</summary>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="bandElements">Elements to hold at a time.</param>
    public virtual GroupStatistics Measure(int groups, long bandElements)
    {
        var statistics = new GroupStatistics(groups);
        foreach (var (first, end) in Bands(bandElements))
        {
            using var scope = NewDisposeScope();
            statistics.Add(Read(first, end));
        }

        return statistics;
    }
}
