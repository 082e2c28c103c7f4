using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Attention;

/// <summary>
/// softmax(q kT / sqrt(d)) v, a block of queries at a time: the scores of a block stay in the cache and the score matrix
/// never exists as a whole.
/// </summary>
internal static unsafe class AttentionKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // The scores of a block: a good part of the second-level cache.
    private const int BlockFloats = 128 * 1024;
    private const int MostQueries = 96;

    // A score whose exponential is nothing, for the columns beyond the last key.
    private const float Nowhere = -1e30f;

    private static int Panel => TileColumn<TLanes, TVector>.PanelWidth;

    /// <summary>Computes all heads of all sequences.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="query">The queries.</param>
    /// <param name="key">The keys.</param>
    /// <param name="value">The values.</param>
    /// <param name="result">The target, as many tokens as there are queries.</param>
    public static void Run(AttentionShape shape, HeadTokens query, HeadTokens key, HeadTokens value, HeadTokens result)
    {
        var keyColumns = RoundUp(shape.Keys);
        var valueColumns = RoundUp(shape.Depth);
        var packedKeys = (nint)keyColumns * shape.Depth;
        var packedValues = (nint)valueColumns * shape.Keys;
        var rows = BlockRows(shape);
        var blocks = (shape.Queries + rows - 1) / rows;
        var scoreFloats = (nint)rows * keyColumns;
        var workFloats = scoreFloats + (nint)rows * valueColumns + rows;
        using var packScratch = new Scratch((packedKeys + packedValues) * shape.Problems);
        using var workScratch = new Scratch(workFloats * ThreadTeam.Size);
        using var zeroScratch = new Scratch(Panel);
        var packs = packScratch.Data;
        var work = workScratch.Data;
        var zeros = zeroScratch.Data;
        new Span<float>(zeros, Panel).Clear();
        ThreadTeam.ForEach(
            shape.Problems,
            (problem, _) =>
            {
                var pack = packs + problem * (packedKeys + packedValues);
                var keys = key.Of(shape, problem).Transposed;
                var values = value.Of(shape, problem);
                PanelPacking.Pack(keys.At(0, 0), keys.Row, keys.Column, shape.Depth, shape.Keys, Panel, pack);
                PanelPacking.Pack(
                    values.At(0, 0),
                    values.Row,
                    values.Column,
                    shape.Keys,
                    shape.Depth,
                    Panel,
                    pack + packedKeys
                );
            }
        );
        ThreadTeam.ForEach(
            shape.Problems * blocks,
            (task, thread) =>
            {
                var (problem, block) = (task / blocks, task % blocks);
                var first = block * rows;
                var count = Math.Min(rows, shape.Queries - first);
                var pack = packs + problem * (packedKeys + packedValues);
                var scores = work + thread * workFloats;
                var sums = scores + scoreFloats;
                var products = sums + rows;
                Scores(shape, query.Of(shape, problem).From(first, 0), count, pack, keyColumns, scores, zeros);
                Softmax(scores, count, shape.Keys, keyColumns, 1 / MathF.Sqrt(shape.Depth), sums);
                for (var column = 0; column < valueColumns; column += Panel)
                {
                    TileColumn<TLanes, TVector>.Run(
                        count,
                        shape.Keys,
                        scores,
                        keyColumns,
                        1,
                        pack + packedKeys + (nint)column * shape.Keys,
                        products + column,
                        valueColumns,
                        zeros
                    );
                }

                Divide(products, valueColumns, sums, count, shape.Depth, result.Of(shape, problem).From(first, 0));
            }
        );
    }

    private static int RoundUp(int columns) => (columns + Panel - 1) / Panel * Panel;

    // Whole register tiles, as many as fit the block and leave every thread something to do.
    private static int BlockRows(AttentionShape shape)
    {
        var fits = Math.Max(1, BlockFloats / RoundUp(shape.Keys) / TLanes.TileRows) * TLanes.TileRows;
        return Math.Min(shape.Queries, Math.Min(MostQueries, fits));
    }

    private static void Scores(
        AttentionShape shape,
        Matrix queries,
        int count,
        float* keys,
        int columns,
        float* scores,
        float* zeros
    )
    {
        for (var column = 0; column < columns; column += Panel)
        {
            TileColumn<TLanes, TVector>.Run(
                count,
                shape.Depth,
                queries.At(0, 0),
                queries.Row,
                queries.Column,
                keys + (nint)column * shape.Depth,
                scores + column,
                columns,
                zeros
            );
        }
    }

    // Leaves the exponentials unnormalised: dividing the result is less work than dividing the scores.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* scores, int rows, int keys, int columns, float scale, float* sums)
    {
        for (var i = 0; i < rows; i++)
        {
            var row = scores + (nint)i * columns;
            new Span<float>(row + keys, columns - keys).Fill(Nowhere);
            var most = TLanes.Load(row);
            for (var c = TLanes.Width; c < columns; c += TLanes.Width)
            {
                most = TLanes.Max(most, TLanes.Load(row + c));
            }

            var factor = TLanes.Broadcast(scale);
            var shift = TLanes.Broadcast(-scale * TLanes.Largest(most));
            var sum = TLanes.Broadcast(0);
            for (var c = 0; c < columns; c += TLanes.Width)
            {
                var power = Exponential<TLanes, TVector>.Exp(TLanes.MultiplyAdd(TLanes.Load(row + c), factor, shift));
                TLanes.Store(power, row + c);
                sum = TLanes.Add(sum, power);
            }

            sums[i] = TLanes.Sum(sum);
        }
    }

    private static void Divide(float* products, int row, float* sums, int rows, int depth, Matrix target)
    {
        for (var i = 0; i < rows; i++)
        {
            var inverse = 1 / sums[i];
            var source = products + (nint)i * row;
            var to = target.At(i, 0);
            for (var c = 0; c < depth; c++)
            {
                to[c] = source[c] * inverse;
            }
        }
    }
}
