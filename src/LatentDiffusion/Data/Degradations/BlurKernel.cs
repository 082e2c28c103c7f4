using System.Numerics;
using System.Runtime.InteropServices;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Degradations;

/// <summary>A square convolution kernel whose weights sum to 1.</summary>
public sealed class BlurKernel
{
    // A bell of no width at all would divide by nothing; this one is a single pixel already.
    private const double SmallestVariance = 1e-6;

    private readonly double[] _weights;

    private BlurKernel(int size, double[] weights)
    {
        var sum = weights.Sum();
        Size = size;
        _weights = Array.ConvertAll(weights, w => w / sum);
    }

    /// <summary>Rows and columns.</summary>
    public int Size { get; }

    /// <summary>The weights, row by row: <c>Size * Size</c> of them.</summary>
    public IReadOnlyList<double> Weights => _weights;

    /// <summary>MATLAB's <c>fspecial('gaussian')</c>: a round bell, cut off where it falls below double precision.</summary>
    /// <param name="size">Rows and columns, at least 1; with an even size the centre lies between pixels.</param>
    /// <param name="sigma">Standard deviation in pixels, 0 or more.</param>
    public static BlurKernel Gaussian(int size, double sigma)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        var variance = Math.Max(sigma * sigma, SmallestVariance);
        return FromExponents(size, (x, y) => -(x * x + y * y) / (2 * variance), cutOff: Math.BitIncrement(1.0) - 1);
    }

    /// <summary>A bell with two widths.</summary>
    /// <param name="size">Rows and columns, at least 1.</param>
    /// <param name="angle">Direction of the first axis in radians.</param>
    /// <param name="variance1">Variance along the first axis, in square pixels, 0 or more.</param>
    /// <param name="variance2">Variance across it.</param>
    public static BlurKernel Anisotropic(int size, double angle, double variance1, double variance2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(variance1);
        ArgumentOutOfRangeException.ThrowIfNegative(variance2);
        var (sine, cosine) = Math.SinCos(angle);
        var (first, second) = (Math.Max(variance1, SmallestVariance), Math.Max(variance2, SmallestVariance));
        return FromExponents(
            size,
            (x, y) =>
            {
                // Coordinates along the axes; the second points to (sin, -cos).
                var (u, v) = (cosine * x + sine * y, sine * x - cosine * y);
                return -0.5 * (u * u / first + v * v / second);
            },
            cutOff: 0
        );
    }

    /// <summary>
    /// The kernel moved by (factor - 1) / 2 pixels to the upper left, so that taking every factor-th pixel afterwards shows
    /// the image where a plain resize would show it.
    /// </summary>
    /// <param name="factor">The subsampling factor, at least 1.</param>
    public BlurKernel ShiftedFor(int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        var shift = (factor - 1) * 0.5;
        var shifted = new double[_weights.Length];
        for (var i = 0; i < shifted.Length; i++)
        {
            var (row, column) = Math.DivRem(i, Size);
            shifted[i] = Between(Math.Min(row + shift, Size - 1), Math.Min(column + shift, Size - 1));
        }

        return new BlurKernel(Size, shifted);
    }

    /// <summary>Blurs an image; beyond its borders it is mirrored without repeating the border pixel.</summary>
    /// <returns>A new image of the same size.</returns>
    public FloatImage Convolve(FloatImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = (image.Width, image.Height);
        var centre = Size / 2;
        var padded = PadColumns(image, Size - 1 - centre);
        var rowLength = (width + Size - 1) * 3;
        var result = new FloatImage(width, height, new float[width * height * 3]);
        for (var y = 0; y < height; y++)
        {
            var target = result.Row(y);
            for (var m = 0; m < Size; m++)
            {
                var source = padded.AsSpan(Mirrored(y - m + centre, height) * rowLength, rowLength);
                for (var n = 0; n < Size; n++)
                {
                    var weight = (float)_weights[m * Size + n];
                    if (weight != 0)
                    {
                        AddScaled(target, source.Slice((Size - 1 - n) * 3, target.Length), weight);
                    }
                }
            }
        }

        return result;
    }

    // Relative to the largest weight, so that a bell much narrower than a pixel does not vanish.
    private static BlurKernel FromExponents(int size, Func<double, double, double> exponent, double cutOff)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var middle = (size - 1) / 2.0;
        var exponents = new double[size * size];
        for (var i = 0; i < exponents.Length; i++)
        {
            exponents[i] = exponent(i % size - middle, i / size - middle);
        }

        var largest = exponents.Max();
        return new BlurKernel(
            size,
            Array.ConvertAll(exponents, e => Math.Exp(e - largest) is var w && w >= cutOff ? w : 0)
        );
    }

    private double Between(double row, double column)
    {
        var (top, left) = ((int)row, (int)column);
        var (bottom, right) = (Math.Min(top + 1, Size - 1), Math.Min(left + 1, Size - 1));
        var (down, along) = (row - top, column - left);
        return (1 - down) * ((1 - along) * _weights[top * Size + left] + along * _weights[top * Size + right])
            + down * ((1 - along) * _weights[bottom * Size + left] + along * _weights[bottom * Size + right]);
    }

    private float[] PadColumns(FloatImage image, int left)
    {
        var rowLength = image.Width + Size - 1;
        var padded = new float[image.Height * rowLength * 3];
        for (var y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<float> row = image.Row(y);
            var target = padded.AsSpan(y * rowLength * 3, rowLength * 3);
            for (var x = 0; x < rowLength; x++)
            {
                row.Slice(Mirrored(x - left, image.Width) * 3, 3).CopyTo(target[(x * 3)..]);
            }
        }

        return padded;
    }

    private static int Mirrored(int position, int size)
    {
        if (size == 1)
        {
            return 0;
        }

        var folded = Math.Abs(position) % (2 * (size - 1));
        return Math.Min(folded, 2 * (size - 1) - folded);
    }

    private static void AddScaled(Span<float> target, ReadOnlySpan<float> source, float weight)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(target);
        var values = MemoryMarshal.Cast<float, Vector<float>>(source);
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] += values[i] * weight;
        }

        for (var i = sums.Length * Vector<float>.Count; i < target.Length; i++)
        {
            target[i] += source[i] * weight;
        }
    }
}
