using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Runtime;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>How an image is cut up.</summary>
/// <param name="Height">Height of the image that goes in or comes out.</param>
/// <param name="Width">Width of the image that goes in or comes out.</param>
/// <param name="Tile">Side of a tile, in pixels of the image.</param>
/// <param name="Overlap">Pixels that neighbouring tiles share at least; less than <paramref name="Tile"/>.</param>
internal sealed record Tiling(long Height, long Width, long Tile, long Overlap);

/// <summary>
/// Computes the layers of an encoder or decoder one after the other, each band of rows by band of rows. Bands overlap by what
/// convolutions reach, and every normalisation takes the statistics of the whole map, so that the result is the
/// network's own but for rounding. A map is rather computed twice than stored where the stored ones together would take
/// more memory than the largest map of the chain.
/// </summary>
/// <remarks>
/// Attention would look at every pair of positions. It sees overlapping tiles instead, which fade into each other; its
/// normalisation, too, has the whole map's statistics.
/// </remarks>
internal sealed class BandedEvaluation : IDisposable
{
    private readonly Tiling _tiling;
    private readonly ILayerChain _chain;
    private readonly long _largest;
    private readonly long _band;
    private readonly List<StoredRows> _stored = [];

    private BandedEvaluation(Tiling tiling, ILayerChain chain)
    {
        _tiling = tiling;
        _chain = chain;
        _largest = chain.Channels * tiling.Height * tiling.Width;

        // A quarter of a tile, for a block needs several maps of a band beside the stored one.
        _band = Math.Max(1, chain.Channels * tiling.Tile * tiling.Tile / 4);
    }

    /// <summary>Computes a chain.</summary>
    /// <param name="tiling">How the image is cut up.</param>
    /// <param name="chain">Encoder or decoder.</param>
    /// <param name="input">[1, C, H, W].</param>
    /// <returns>What the chain's forward method returns.</returns>
    public static Tensor Run(Tiling tiling, ILayerChain chain, Tensor input)
    {
        // Maps come in bands that the allocator would keep beside the next layer's bands of another size.
        using var allocator = AllocatorSettings.ReturnBlocksEarly();
        using var evaluation = new BandedEvaluation(tiling, chain);
        using var scope = NewDisposeScope();
        return evaluation.Compute(input).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the maps, if an error left any.</summary>
    public void Dispose() => _stored.ForEach(map => map.Dispose());

    private Tensor Compute(Tensor input)
    {
        var whole = Keep(input.shape[1], input.shape[2], input.shape[3]);
        whole.Append(input);
        var last = _chain.Layers.Aggregate((RowSource)whole, Next);
        using var norm = _chain.OutNorm.UseStatistics(last.Measure(_chain.OutNorm.Groups, _band));
        var rows = new ComputedRows(
            last,
            _chain.Out.Weight.shape[0],
            Reach.Around(1),
            x => _chain.Out.forward(_chain.OutNorm.ForwardSiluOver(x))
        );
        var result = empty([1, rows.Channels, rows.Height, rows.Width], input.dtype, input.device);
        ForEachBand(rows, (first, band) => result.narrow(2, first, band.shape[2]).copy_(band));
        return result;
    }

    private RowSource Next(RowSource input, nn.Module<Tensor, Tensor> layer)
    {
        switch (layer)
        {
            case ResnetBlock block:
                return Block(input, block);
            case Upsample:
                var larger = new ComputedRows(input, input.Channels, Reach.Doubling, layer.forward);
                return larger.Elements <= _largest ? Store(larger) : larger;
            case Downsample:
                return Store(new ComputedRows(input, input.Channels, Reach.Halving, layer.forward));
            case ConvolutionLayer convolution:
                return Store(
                    new ComputedRows(input, convolution.Weight.shape[0], Reach.Around(1), convolution.forward)
                );
            case SpatialAttention attention:
                using (attention.Norm.UseStatistics(input.Measure(attention.Norm.Groups, _band)))
                {
                    return Attend(input, attention);
                }

            case LinearAttention:
                return Attend(input, layer);
            default:
                throw new NotSupportedException($"{layer.GetName()} cannot be computed in bands.");
        }
    }

    private StoredRows Block(RowSource input, ResnetBlock block)
    {
        using var norm1 = block.Norm1.UseStatistics(input.Measure(block.Norm1.Groups, _band));
        RowSource hidden = new ComputedRows(input, block.Channels, Reach.Around(1), block.Hidden);
        var fits = input is StoredRows && input.Elements + hidden.Elements <= _largest;
        if (fits)
        {
            hidden = Store(hidden, release: false);
        }

        using var norm2 = block.Norm2.UseStatistics(hidden.Measure(block.Norm2.Groups, _band));
        return Store(
            fits
                ? new ComputedRows([hidden, input], block.Channels, Reach.Around(1), x => block.Finish(x[0], x[1]))
                : new ComputedRows(input, block.Channels, Reach.Around(2), block.ForwardOver)
        );
    }

    private StoredRows Attend(RowSource input, nn.Module<Tensor, Tensor> attention)
    {
        var scale = _tiling.Height / input.Height;
        var (tile, overlap) = (_tiling.Tile / scale, _tiling.Overlap / scale);
        var columns = Window.Cover(input.Width, tile, overlap);
        Tensor? sum = null;
        foreach (var rows in Window.Cover(input.Height, tile, overlap))
        {
            using var scope = NewDisposeScope();
            var band = input.Read(rows.Start, rows.Start + rows.Length);
            sum ??= zeros([1, input.Height, input.Width, input.Channels], band.dtype, band.device)
                .permute(0, 3, 1, 2)
                .MoveToOuterDisposeScope();
            foreach (var column in columns)
            {
                using var tileScope = NewDisposeScope();
                var weight = tensor(rows.Weights).outer(tensor(column.Weights)).to(band.dtype).to(band.device);
                var seen = attention.forward(band.narrow(3, column.Start, column.Length)).mul(weight);
                sum.narrow(2, rows.Start, rows.Length).narrow(3, column.Start, column.Length).PlusInPlace(seen);
            }
        }

        input.Release(input.Height);
        var result = Keep(input.Channels, input.Height, input.Width);
        result.Adopt(sum!);
        return result;
    }

    private StoredRows Store(RowSource rows, bool release = true)
    {
        var result = Keep(rows.Channels, rows.Height, rows.Width);
        ForEachBand(rows, (_, band) => result.Append(band), release);
        return result;
    }

    private void ForEachBand(RowSource rows, Action<long, Tensor> visit, bool release = true)
    {
        foreach (var (first, end) in rows.Bands(_band))
        {
            using var scope = NewDisposeScope();
            visit(first, rows.Read(first, end));
            if (release)
            {
                rows.Release(end);
            }
        }
    }

    private StoredRows Keep(long channels, long height, long width)
    {
        var rows = new StoredRows(channels, height, width);
        _stored.Add(rows);
        return rows;
    }
}
