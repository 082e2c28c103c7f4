using System.Runtime.Intrinsics;

namespace LatentDiffusion.Kernels;

/// <summary>
/// Copies a block of B into panels: <c>width</c> columns side by side, row after row, so that the innermost loop reads
/// memory in order. Columns beyond the last are zero.
/// </summary>
internal static unsafe class PanelPacking
{
    private const int Block = 8;

    /// <summary>Packs <paramref name="depth"/> rows of <paramref name="columns"/> columns.</summary>
    /// <param name="b">The first element.</param>
    /// <param name="bRow">Floats from one row to the next.</param>
    /// <param name="bColumn">Floats from one column to the next; this or <paramref name="bRow"/> is 1.</param>
    /// <param name="depth">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="width">Columns per panel, a multiple of 8.</param>
    /// <param name="panels">The target: as many panels of depth times width as it takes.</param>
    public static void Pack(float* b, nint bRow, nint bColumn, int depth, int columns, int width, float* panels)
    {
        for (var first = 0; first < columns; first += width)
        {
            var count = Math.Min(width, columns - first);
            var from = b + first * bColumn;
            if (count < width)
            {
                new Span<float>(panels, depth * width).Clear();
            }

            if (bColumn == 1)
            {
                CopyRows(from, bRow, depth, count, width, panels);
            }
            else
            {
                TransposeRows(from, bRow, bColumn, depth, count, width, panels);
            }

            panels += (nint)depth * width;
        }
    }

    private static void CopyRows(float* b, nint bRow, int depth, int count, int width, float* panel)
    {
        for (var k = 0; k < depth; k++)
        {
            new ReadOnlySpan<float>(b + k * bRow, count).CopyTo(new Span<float>(panel + (nint)k * width, count));
        }
    }

    // Here a column of B lies in one piece (B is the transpose of a weight matrix).
    private static void TransposeRows(float* b, nint bRow, nint bColumn, int depth, int count, int width, float* panel)
    {
        var wholeDepth = bRow == 1 ? depth - depth % Block : 0;
        var wholeCount = count - count % Block;
        for (var j = 0; j < wholeCount; j += Block)
        {
            for (var k = 0; k < wholeDepth; k += Block)
            {
                var target = panel + (nint)k * width + j;
                Transpose.Columns(
                    b + k + j * bColumn,
                    bColumn,
                    out var r0,
                    out var r1,
                    out var r2,
                    out var r3,
                    out var r4,
                    out var r5,
                    out var r6,
                    out var r7
                );
                r0.Store(target);
                r1.Store(target + width);
                r2.Store(target + 2 * width);
                r3.Store(target + 3 * width);
                r4.Store(target + 4 * width);
                r5.Store(target + 5 * width);
                r6.Store(target + 6 * width);
                r7.Store(target + 7 * width);
            }
        }

        for (var j = 0; j < count; j++)
        {
            for (var k = j < wholeCount ? wholeDepth : 0; k < depth; k++)
            {
                panel[(nint)k * width + j] = b[k * bRow + j * bColumn];
            }
        }
    }
}
