using static TorchSharp.torch;

namespace LatentDiffusion.Tensors.Resampling;

/// <summary>
/// MATLAB's <c>imresize</c> with the cubic kernel (a = -0.5), the low-resolution images of the super-resolution literature:
/// the kernel is widened when shrinking, and beyond its edges the image is mirrored. Linear in the image, so gradients pass.
/// </summary>
public sealed class BicubicResize : IDisposable
{
    private const int Support = 4;

    private readonly Tensor _rows;
    private readonly Tensor _columns;

    /// <summary>Prepares the weights for one size.</summary>
    /// <param name="height">Input height in pixels, at least 1.</param>
    /// <param name="width">Input width in pixels, at least 1.</param>
    /// <param name="scale">Output size over input size, above 0; sizes are rounded up.</param>
    /// <param name="dtype">float32 (default) or float64.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size or the scale is not positive.</exception>
    public BicubicResize(int height, int width, double scale, ScalarType dtype = ScalarType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        (Height, Width) = (OutputSize(height, scale), OutputSize(width, scale));
        _rows = Weights(height, Height, scale, dtype);
        _columns = Weights(width, Width, scale, dtype);
    }

    /// <summary>Output height.</summary>
    public int Height { get; }

    /// <summary>Output width.</summary>
    public int Width { get; }

    /// <summary>Resizes images.</summary>
    /// <param name="images">[..., H, W], of the sizes and type that the weights were made for.</param>
    /// <returns>[..., <see cref="Height"/>, <see cref="Width"/>]; not clamped, the kernel overshoots at edges.</returns>
    public Tensor Apply(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = NewDisposeScope();
        var planes = images.reshape(-1, images.shape[^2], images.shape[^1]);
        var count = planes.shape[0];
        var resized = _rows.expand(count, -1, -1).bmm(planes).bmm(_columns.t().expand(count, -1, -1));
        return resized.reshape([.. images.shape[..^2], Height, Width]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _columns.Dispose();
    }

    // A product that is whole but for rounding must not gain a pixel.
    private static int OutputSize(int size, double scale) => (int)Math.Ceiling(size * scale - 1e-9);

    private static Tensor Weights(int input, int output, double scale, ScalarType dtype)
    {
        var stretch = Math.Min(1, scale);
        var reach = Support / stretch;
        var taps = (int)Math.Ceiling(reach) + 2;
        var matrix = new double[output * input];
        var values = new double[taps];
        for (var i = 0; i < output; i++)
        {
            // Pixel centres count from 1, as in MATLAB.
            var centre = (i + 1) / scale + 0.5 * (1 - 1 / scale);
            var first = (int)Math.Floor(centre - reach / 2);
            for (var tap = 0; tap < taps; tap++)
            {
                values[tap] = Cubic((centre - first - tap) * stretch);
            }

            var sum = values.Sum();
            for (var tap = 0; tap < taps; tap++)
            {
                matrix[i * input + Mirrored(first + tap - 1, input)] += values[tap] / sum;
            }
        }

        return tensor(matrix, [output, input], dtype).DetachFromDisposeScope();
    }

    private static int Mirrored(int position, int size)
    {
        var folded = ((position % (2 * size)) + 2 * size) % (2 * size);
        return folded < size ? folded : 2 * size - 1 - folded;
    }

    private static double Cubic(double x)
    {
        x = Math.Abs(x);
        return x switch
        {
            <= 1 => (1.5 * x - 2.5) * x * x + 1,
            <= 2 => ((-0.5 * x + 2.5) * x - 4) * x + 2,
            _ => 0,
        };
    }
}
