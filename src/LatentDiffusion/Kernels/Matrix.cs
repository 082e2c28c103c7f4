namespace LatentDiffusion.Kernels;

/// <summary>A matrix in native memory, of any strides.</summary>
/// <param name="address">The first element.</param>
/// <param name="row">Floats from one row to the next.</param>
/// <param name="column">Floats from one column to the next.</param>
internal readonly unsafe struct Matrix(float* address, nint row, nint column = 1)
{
    public nint Row => row;

    public nint Column => column;

    public Matrix Transposed => new(address, column, row);

    public float* At(nint i, nint j) => address + i * row + j * column;

    public Matrix From(nint i, nint j) => new(At(i, j), row, column);
}
