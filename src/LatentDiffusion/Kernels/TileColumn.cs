namespace LatentDiffusion.Kernels;

/// <summary>A column of register tiles: any number of rows times one packed panel of B.</summary>
internal static unsafe class TileColumn<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Columns of a panel of B: two registers.</summary>
    public static int PanelWidth => 2 * TLanes.Width;

    /// <summary>C = start + A B, or C + A B; see <see cref="RegisterTile{TLanes, TVector, TRows}.Run"/>.</summary>
    public static void Run(
        int rows,
        nint depth,
        float* a,
        nint aRow,
        nint aStep,
        float* b,
        float* c,
        nint cRow,
        float* start
    )
    {
        // Tiles of nearly equal height: a last one of a single row would run at a fraction of the speed.
        var tiles = (rows + TLanes.TileRows - 1) / TLanes.TileRows;
        for (var tile = 0; tile < tiles; tile++)
        {
            var from = tile * rows / tiles;
            var height = (tile + 1) * rows / tiles - from;
            RunTile(height, depth, a + from * aRow, aRow, aStep, b, c + from * cRow, cRow, start);
        }
    }

    private static void RunTile(
        int rows,
        nint depth,
        float* a,
        nint aRow,
        nint aStep,
        float* b,
        float* c,
        nint cRow,
        float* start
    )
    {
        switch (rows)
        {
            case 1:
                RegisterTile<TLanes, TVector, Rows1>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 2:
                RegisterTile<TLanes, TVector, Rows2>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 3:
                RegisterTile<TLanes, TVector, Rows3>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 4:
                RegisterTile<TLanes, TVector, Rows4>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 5:
                RegisterTile<TLanes, TVector, Rows5>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 6:
                RegisterTile<TLanes, TVector, Rows6>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 7:
                RegisterTile<TLanes, TVector, Rows7>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 8:
                RegisterTile<TLanes, TVector, Rows8>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 9:
                RegisterTile<TLanes, TVector, Rows9>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 10:
                RegisterTile<TLanes, TVector, Rows10>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 11:
                RegisterTile<TLanes, TVector, Rows11>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            case 12:
                RegisterTile<TLanes, TVector, Rows12>.Run(depth, a, aRow, aStep, b, c, cRow, start);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(rows));
        }
    }
}
