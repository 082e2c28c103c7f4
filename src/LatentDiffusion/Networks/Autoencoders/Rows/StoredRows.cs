using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>A map in memory, band by band, so that the top can be freed while the bottom is still in use.</summary>
internal sealed class StoredRows(long channels, long height, long width)
    : RowSource(channels, height, width),
        IDisposable
{
    private readonly List<(long First, Tensor Map)> _bands = [];

    /// <inheritdoc/>
    public override long Load => Elements;

    /// <summary>Adds a copy of the rows that follow the last ones.</summary>
    /// <param name="rows">[1, C, rows, W].</param>
    public void Append(Tensor rows) => Adopt(Copy([rows]));

    /// <summary>Adds the rows that follow the last ones, to be disposed of by this object.</summary>
    /// <param name="rows">[1, C, rows, W].</param>
    public void Adopt(Tensor rows)
    {
        var first = _bands.Count == 0 ? 0 : _bands[^1].First + _bands[^1].Map.shape[2];
        _bands.Add((first, rows.DetachFromDisposeScope()));
    }

    /// <inheritdoc/>
    public override Tensor Read(long first, long end)
    {
        using var scope = NewDisposeScope();
        List<Tensor> parts = [];
        foreach (var (start, map) in _bands)
        {
            var (from, to) = (Math.Max(first, start), Math.Min(end, start + map.shape[2]));
            if (from < to)
            {
                parts.Add(map.narrow(2, from - start, to - from));
            }
        }

        return Copy(parts).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void Release(long end)
    {
        while (_bands.Count > 0 && _bands[0].First + _bands[0].Map.shape[2] <= end)
        {
            _bands[0].Map.Dispose();
            _bands.RemoveAt(0);
        }
    }

    /// <inheritdoc/>
    public override GroupStatistics Measure(int groups, long bandElements)
    {
        var statistics = new GroupStatistics(groups);
        foreach (var (_, map) in _bands)
        {
            statistics.Add(map);
        }

        return statistics;
    }

    /// <inheritdoc/>
    public void Dispose() => Release(Height);

    // Parts below each other as one map, channels-last as the layers want it.
    private static Tensor Copy(List<Tensor> parts)
    {
        using var scope = NewDisposeScope();
        var (rows, width, channels) = (parts.Sum(p => p.shape[2]), parts[0].shape[3], parts[0].shape[1]);
        var pixels = Gradients.IsKernelMemory(parts[0])
            ? TensorMemory.Empty(1, rows, width, channels)
            : empty([1, rows, width, channels], parts[0].dtype, parts[0].device);
        var map = ChannelsLast.Map(pixels);
        long at = 0;
        foreach (var part in parts)
        {
            map.narrow(2, at, part.shape[2]).copy_(part);
            at += part.shape[2];
        }

        return map.MoveToOuterDisposeScope();
    }
}
