using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels;

/// <summary>
/// The innermost part of every matrix product here: a tile of C, up to 12 rows by two registers, stays in registers while
/// it accumulates A B. The guards on the number of rows are constants, so each instance holds just its own rows.
/// </summary>
internal static unsafe class RegisterTile<TLanes, TVector, TRows>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
    where TRows : struct, IRows
{
    /// <summary>C = start + A B, or C + A B.</summary>
    /// <param name="depth">Columns of A, rows of B.</param>
    /// <param name="a">The first element of A.</param>
    /// <param name="aRow">Floats from one row of A to the next.</param>
    /// <param name="aStep">Floats from one column of A to the next.</param>
    /// <param name="b">B, packed: two registers per row, rows one after the other.</param>
    /// <param name="c">The tile of C.</param>
    /// <param name="cRow">Floats from one row of C to the next.</param>
    /// <param name="start">What every row of C starts from (two registers), or null to add to C as it is.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(nint depth, float* a, nint aRow, nint aStep, float* b, float* c, nint cRow, float* start)
    {
        var width = TLanes.Width;
        var rowFromC = start == null ? cRow : 0;
        var from = start == null ? c : start;
        TVector c0l = default,
            c0h = default;
        TVector c1l = default,
            c1h = default;
        TVector c2l = default,
            c2h = default;
        TVector c3l = default,
            c3h = default;
        TVector c4l = default,
            c4h = default;
        TVector c5l = default,
            c5h = default;
        TVector c6l = default,
            c6h = default;
        TVector c7l = default,
            c7h = default;
        TVector c8l = default,
            c8h = default;
        TVector c9l = default,
            c9h = default;
        TVector c10l = default,
            c10h = default;
        TVector c11l = default,
            c11h = default;
        if (TRows.Count > 0)
        {
            c0l = TLanes.Load(from + 0 * rowFromC);
            c0h = TLanes.Load(from + 0 * rowFromC + width);
        }

        if (TRows.Count > 1)
        {
            c1l = TLanes.Load(from + 1 * rowFromC);
            c1h = TLanes.Load(from + 1 * rowFromC + width);
        }

        if (TRows.Count > 2)
        {
            c2l = TLanes.Load(from + 2 * rowFromC);
            c2h = TLanes.Load(from + 2 * rowFromC + width);
        }

        if (TRows.Count > 3)
        {
            c3l = TLanes.Load(from + 3 * rowFromC);
            c3h = TLanes.Load(from + 3 * rowFromC + width);
        }

        if (TRows.Count > 4)
        {
            c4l = TLanes.Load(from + 4 * rowFromC);
            c4h = TLanes.Load(from + 4 * rowFromC + width);
        }

        if (TRows.Count > 5)
        {
            c5l = TLanes.Load(from + 5 * rowFromC);
            c5h = TLanes.Load(from + 5 * rowFromC + width);
        }

        if (TRows.Count > 6)
        {
            c6l = TLanes.Load(from + 6 * rowFromC);
            c6h = TLanes.Load(from + 6 * rowFromC + width);
        }

        if (TRows.Count > 7)
        {
            c7l = TLanes.Load(from + 7 * rowFromC);
            c7h = TLanes.Load(from + 7 * rowFromC + width);
        }

        if (TRows.Count > 8)
        {
            c8l = TLanes.Load(from + 8 * rowFromC);
            c8h = TLanes.Load(from + 8 * rowFromC + width);
        }

        if (TRows.Count > 9)
        {
            c9l = TLanes.Load(from + 9 * rowFromC);
            c9h = TLanes.Load(from + 9 * rowFromC + width);
        }

        if (TRows.Count > 10)
        {
            c10l = TLanes.Load(from + 10 * rowFromC);
            c10h = TLanes.Load(from + 10 * rowFromC + width);
        }

        if (TRows.Count > 11)
        {
            c11l = TLanes.Load(from + 11 * rowFromC);
            c11h = TLanes.Load(from + 11 * rowFromC + width);
        }

        // Four bases and small multiples of the row length reach every row without a pointer of its own.
        var a0 = a;
        var a3 = a + 3 * aRow;
        var a6 = a + 6 * aRow;
        var a9 = a + 9 * aRow;
        for (nint k = 0; k < depth; k++)
        {
            var low = TLanes.Load(b);
            var high = TLanes.Load(b + width);
            b += 2 * width;
            if (TRows.Count > 0)
            {
                var value = TLanes.Broadcast(*(a0));
                c0l = TLanes.MultiplyAdd(value, low, c0l);
                c0h = TLanes.MultiplyAdd(value, high, c0h);
            }

            if (TRows.Count > 1)
            {
                var value = TLanes.Broadcast(*(a0 + aRow));
                c1l = TLanes.MultiplyAdd(value, low, c1l);
                c1h = TLanes.MultiplyAdd(value, high, c1h);
            }

            if (TRows.Count > 2)
            {
                var value = TLanes.Broadcast(*(a0 + 2 * aRow));
                c2l = TLanes.MultiplyAdd(value, low, c2l);
                c2h = TLanes.MultiplyAdd(value, high, c2h);
            }

            if (TRows.Count > 3)
            {
                var value = TLanes.Broadcast(*(a3));
                c3l = TLanes.MultiplyAdd(value, low, c3l);
                c3h = TLanes.MultiplyAdd(value, high, c3h);
            }

            if (TRows.Count > 4)
            {
                var value = TLanes.Broadcast(*(a3 + aRow));
                c4l = TLanes.MultiplyAdd(value, low, c4l);
                c4h = TLanes.MultiplyAdd(value, high, c4h);
            }

            if (TRows.Count > 5)
            {
                var value = TLanes.Broadcast(*(a3 + 2 * aRow));
                c5l = TLanes.MultiplyAdd(value, low, c5l);
                c5h = TLanes.MultiplyAdd(value, high, c5h);
            }

            if (TRows.Count > 6)
            {
                var value = TLanes.Broadcast(*(a6));
                c6l = TLanes.MultiplyAdd(value, low, c6l);
                c6h = TLanes.MultiplyAdd(value, high, c6h);
            }

            if (TRows.Count > 7)
            {
                var value = TLanes.Broadcast(*(a6 + aRow));
                c7l = TLanes.MultiplyAdd(value, low, c7l);
                c7h = TLanes.MultiplyAdd(value, high, c7h);
            }

            if (TRows.Count > 8)
            {
                var value = TLanes.Broadcast(*(a6 + 2 * aRow));
                c8l = TLanes.MultiplyAdd(value, low, c8l);
                c8h = TLanes.MultiplyAdd(value, high, c8h);
            }

            if (TRows.Count > 9)
            {
                var value = TLanes.Broadcast(*(a9));
                c9l = TLanes.MultiplyAdd(value, low, c9l);
                c9h = TLanes.MultiplyAdd(value, high, c9h);
            }

            if (TRows.Count > 10)
            {
                var value = TLanes.Broadcast(*(a9 + aRow));
                c10l = TLanes.MultiplyAdd(value, low, c10l);
                c10h = TLanes.MultiplyAdd(value, high, c10h);
            }

            if (TRows.Count > 11)
            {
                var value = TLanes.Broadcast(*(a9 + 2 * aRow));
                c11l = TLanes.MultiplyAdd(value, low, c11l);
                c11h = TLanes.MultiplyAdd(value, high, c11h);
            }

            a0 += aStep;
            a3 += aStep;
            a6 += aStep;
            a9 += aStep;
        }

        if (TRows.Count > 0)
        {
            TLanes.Store(c0l, c + 0 * cRow);
            TLanes.Store(c0h, c + 0 * cRow + width);
        }

        if (TRows.Count > 1)
        {
            TLanes.Store(c1l, c + 1 * cRow);
            TLanes.Store(c1h, c + 1 * cRow + width);
        }

        if (TRows.Count > 2)
        {
            TLanes.Store(c2l, c + 2 * cRow);
            TLanes.Store(c2h, c + 2 * cRow + width);
        }

        if (TRows.Count > 3)
        {
            TLanes.Store(c3l, c + 3 * cRow);
            TLanes.Store(c3h, c + 3 * cRow + width);
        }

        if (TRows.Count > 4)
        {
            TLanes.Store(c4l, c + 4 * cRow);
            TLanes.Store(c4h, c + 4 * cRow + width);
        }

        if (TRows.Count > 5)
        {
            TLanes.Store(c5l, c + 5 * cRow);
            TLanes.Store(c5h, c + 5 * cRow + width);
        }

        if (TRows.Count > 6)
        {
            TLanes.Store(c6l, c + 6 * cRow);
            TLanes.Store(c6h, c + 6 * cRow + width);
        }

        if (TRows.Count > 7)
        {
            TLanes.Store(c7l, c + 7 * cRow);
            TLanes.Store(c7h, c + 7 * cRow + width);
        }

        if (TRows.Count > 8)
        {
            TLanes.Store(c8l, c + 8 * cRow);
            TLanes.Store(c8h, c + 8 * cRow + width);
        }

        if (TRows.Count > 9)
        {
            TLanes.Store(c9l, c + 9 * cRow);
            TLanes.Store(c9h, c + 9 * cRow + width);
        }

        if (TRows.Count > 10)
        {
            TLanes.Store(c10l, c + 10 * cRow);
            TLanes.Store(c10h, c + 10 * cRow + width);
        }

        if (TRows.Count > 11)
        {
            TLanes.Store(c11l, c + 11 * cRow);
            TLanes.Store(c11h, c + 11 * cRow + width);
        }
    }
}
