namespace LatentDiffusion.Kernels.Winograd;

/// <summary>
/// The 3x3 neighbourhood of every pixel as a row of a matrix (im2col). Its product with the filters is the convolution:
/// the way to go for maps of a few pixels, where transforming the filters would cost more than it saves.
/// </summary>
internal static unsafe class PatchMatrix
{
    private const int Taps = 9;

    /// <summary>Columns of the matrix.</summary>
    public static int Columns(ConvolutionShape shape) => Taps * shape.Input;

    /// <summary>Fills the matrix [B H W, Ci 9], in the order of a filter's weights.</summary>
    public static void Fill(ConvolutionShape shape, float* x, float* matrix) =>
        ThreadTeam.ForEach(
            shape.Batch * shape.Height,
            (line, _) =>
            {
                for (var column = 0; column < shape.Width; column++)
                {
                    var pixel = (nint)line * shape.Width + column;
                    FillRow(shape, x, line, column, matrix + pixel * Columns(shape));
                }
            }
        );

    private static void FillRow(ConvolutionShape shape, float* x, int line, int column, float* target)
    {
        var (image, row) = (line / shape.Height, line % shape.Height);
        for (var tap = 0; tap < Taps; tap++)
        {
            var (down, right) = (tap / 3 - 1, tap % 3 - 1);
            var inside = (uint)(row + down) < (uint)shape.Height && (uint)(column + right) < (uint)shape.Width;
            var source = inside ? x + shape.Pixel(image, row + down, column + right) * shape.Input : null;
            for (var c = 0; c < shape.Input; c++)
            {
                target[c * Taps + tap] = source == null ? 0 : source[c];
            }
        }
    }
}
