namespace LatentDiffusion.Kernels;

/// <summary>
/// C = A B for matrices of any strides, blocked for the caches after Goto and van de Geijn (2008). The result does not
/// depend on the number of threads.
/// </summary>
internal static unsafe class MatrixProduct<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // A panel of B (depth x two registers) stays in the first-level cache, the block of panels in the second.
    private const int DepthBlock = 256;
    private const int PanelsPerBlock = 4;
    private const int MostRows = 1024;
    private const int FewestRows = 96;

    // A small C with deep A and B (a weight's gradient) is summed in this many shares. The number is fixed: the sums do
    // not depend on the number of threads.
    private const int Shares = 4;
    private const int DeepestWhole = 1024;

    /// <summary>Computes C = A B, plus the bias in every row if there is one; or C += A B.</summary>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="columns">Columns of B and C.</param>
    /// <param name="depth">Columns of A, rows of B.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B; one of its strides is 1.</param>
    /// <param name="c">C; its column stride is 1.</param>
    /// <param name="bias">One value per column, or null.</param>
    /// <param name="accumulate">Add to what C holds.</param>
    public static void Multiply(
        int rows,
        int columns,
        int depth,
        Matrix a,
        Matrix b,
        Matrix c,
        float* bias = null,
        bool accumulate = false
    )
    {
        var blockColumns = PanelsPerBlock * TileColumn<TLanes, TVector>.PanelWidth;
        if (depth > DeepestWhole && columns <= blockColumns && rows < Shares * FewestRows)
        {
            MultiplyDeep(rows, columns, depth, a, b, c, bias, accumulate);
            return;
        }

        var columnBlocks = (columns + blockColumns - 1) / blockColumns;
        var rowBlocks = RowBlocks(rows, columnBlocks);
        using var scratch = new Scratch(ThreadTeam.Size * WorkerFloats);
        var memory = scratch.Data;
        ThreadTeam.ForEach(
            rowBlocks * columnBlocks,
            (task, thread) =>
            {
                var (block, part) = (task % columnBlocks, task / columnBlocks);
                var firstRow = (int)((long)part * rows / rowBlocks);
                var endRow = (int)((long)(part + 1) * rows / rowBlocks);
                var firstColumn = block * blockColumns;
                Block(
                    endRow - firstRow,
                    Math.Min(blockColumns, columns - firstColumn),
                    depth,
                    a.From(firstRow, 0),
                    b.From(0, firstColumn),
                    c.From(firstRow, firstColumn),
                    bias == null ? null : bias + firstColumn,
                    accumulate,
                    memory + thread * WorkerFloats
                );
            }
        );
    }

    /// <summary>Floats of working memory that one thread needs.</summary>
    private static nint WorkerFloats =>
        (DepthBlock * PanelsPerBlock + TLanes.TileRows + 1) * TileColumn<TLanes, TVector>.PanelWidth;

    // Enough pieces for every thread; beyond that, large ones, since each packs its block of B anew.
    private static int RowBlocks(int rows, int columnBlocks)
    {
        var blocks = (rows + MostRows - 1) / MostRows;
        while (blocks * columnBlocks < 2 * ThreadTeam.Size && rows / (blocks + 1) >= FewestRows)
        {
            blocks++;
        }

        return blocks;
    }

    private static void MultiplyDeep(
        int rows,
        int columns,
        int depth,
        Matrix a,
        Matrix b,
        Matrix c,
        float* bias,
        bool accumulate
    )
    {
        using var workScratch = new Scratch(ThreadTeam.Size * WorkerFloats);
        using var sumScratch = new Scratch((nint)Shares * rows * columns);
        var work = workScratch.Data;
        var sums = sumScratch.Data;
        ThreadTeam.ForEach(
            Shares,
            (share, thread) =>
            {
                var first = (int)((long)share * depth / Shares);
                var end = (int)((long)(share + 1) * depth / Shares);
                Block(
                    rows,
                    columns,
                    end - first,
                    a.From(0, first),
                    b.From(first, 0),
                    new Matrix(sums + (nint)share * rows * columns, columns),
                    share == 0 ? bias : null,
                    false,
                    work + thread * WorkerFloats
                );
            }
        );
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var sum = accumulate ? *c.At(i, j) : 0;
                for (var share = 0; share < Shares; share++)
                {
                    sum += sums[((nint)share * rows + i) * columns + j];
                }

                *c.At(i, j) = sum;
            }
        }
    }

    private static void Block(
        int rows,
        int columns,
        int depth,
        Matrix a,
        Matrix b,
        Matrix c,
        float* bias,
        bool accumulate,
        float* memory
    )
    {
        var width = TileColumn<TLanes, TVector>.PanelWidth;
        var start = memory + DepthBlock * PanelsPerBlock * width;
        for (var from = 0; from < depth; from += DepthBlock)
        {
            var steps = Math.Min(DepthBlock, depth - from);
            PanelPacking.Pack(b.At(from, 0), b.Row, b.Column, steps, columns, width, memory);
            for (var column = 0; column < columns; column += width)
            {
                var count = Math.Min(width, columns - column);
                var adds = accumulate || from > 0;
                if (!adds)
                {
                    new Span<float>(start, width).Clear();
                    if (bias != null)
                    {
                        new ReadOnlySpan<float>(bias + column, count).CopyTo(new Span<float>(start, count));
                    }
                }

                var panel = memory + (nint)column * steps;
                var target = c.At(0, column);
                if (count == width)
                {
                    TileColumn<TLanes, TVector>.Run(
                        rows,
                        steps,
                        a.At(0, from),
                        a.Row,
                        a.Column,
                        panel,
                        target,
                        c.Row,
                        adds ? null : start
                    );
                }
                else
                {
                    PartialPanel(
                        rows,
                        steps,
                        a.At(0, from),
                        a,
                        panel,
                        target,
                        c.Row,
                        count,
                        adds ? null : start,
                        start + width
                    );
                }
            }
        }
    }

    // The last panel may be wider than C: its tiles pass through a buffer.
    private static void PartialPanel(
        int rows,
        int depth,
        float* first,
        Matrix a,
        float* panel,
        float* c,
        nint cRow,
        int count,
        float* start,
        float* tile
    )
    {
        var width = TileColumn<TLanes, TVector>.PanelWidth;
        for (var row = 0; row < rows; row += TLanes.TileRows)
        {
            var height = Math.Min(TLanes.TileRows, rows - row);
            if (start == null)
            {
                Copy(c + row * cRow, cRow, tile, width, height, count);
            }

            TileColumn<TLanes, TVector>.Run(
                height,
                depth,
                first + row * a.Row,
                a.Row,
                a.Column,
                panel,
                tile,
                width,
                start
            );
            Copy(tile, width, c + row * cRow, cRow, height, count);
        }
    }

    private static void Copy(float* source, nint sourceRow, float* target, nint targetRow, int rows, int count)
    {
        for (var i = 0; i < rows; i++)
        {
            new ReadOnlySpan<float>(source + i * sourceRow, count).CopyTo(
                new Span<float>(target + i * targetRow, count)
            );
        }
    }
}
