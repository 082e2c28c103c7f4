namespace LatentDiffusion.Kernels.Winograd;

/// <summary>The sizes of a 3x3 convolution with stride 1 and padding 1 on channels-last maps.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Of input and output.</param>
/// <param name="Width">Of input and output.</param>
/// <param name="Input">Input channels.</param>
/// <param name="Output">Output channels.</param>
/// <param name="Enlarges">
/// Whether the map in memory has half the height and width, and each of its pixels stands for a square of four.
/// </param>
internal readonly record struct ConvolutionShape(
    int Batch,
    int Height,
    int Width,
    int Input,
    int Output,
    bool Enlarges = false
)
{
    /// <summary>Tiles of 4x4 outputs in one row of an image.</summary>
    public int TilesAcross => (Width + 3) / 4;

    /// <summary>Tiles of 4x4 outputs in one column of an image.</summary>
    public int TilesDown => (Height + 3) / 4;

    /// <summary>Tiles of all images.</summary>
    public int Tiles => Batch * TilesDown * TilesAcross;

    /// <summary>The number of an input pixel in memory.</summary>
    public nint Pixel(int image, int row, int column) =>
        Enlarges
            ? ((nint)image * (Height / 2) + row / 2) * (Width / 2) + column / 2
            : ((nint)image * Height + row) * Width + column;

    /// <summary>Image, row and column of a tile.</summary>
    public (int Image, int Row, int Column) Place(int tile) =>
        (tile / (TilesDown * TilesAcross), tile / TilesAcross % TilesDown * 4, tile % TilesAcross * 4);
}
