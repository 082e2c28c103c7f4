using System.Numerics;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Metrics;

/// <summary>
/// Structural similarity (SSIM) of 8-bit images as the reference computes it: Gaussian windows of 11x11 with standard
/// deviation 1.5, at every place where a whole window fits, each channel by itself, then the mean.
/// </summary>
public static class StructuralSimilarity
{
    /// <summary>Images need at least this many pixels per side.</summary>
    public const int WindowSize = 11;

    private const double Sigma = 1.5;
    private const double C1 = 0.01 * 255 * (0.01 * 255);
    private const double C2 = 0.03 * 255 * (0.03 * 255);

    // Of x, y, x², y² and xy.
    private const int Moments = 5;

    private static readonly double[] Window = GaussianWindow();

    /// <summary>Whether a window fits into the image.</summary>
    public static bool Fits(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Math.Min(image.Width, image.Height) >= WindowSize;
    }

    /// <summary>The mean similarity over windows and channels.</summary>
    /// <returns>1 for equal images, less for others; may be below 0.</returns>
    /// <exception cref="ArgumentException">The images differ in size, or are smaller than a window.</exception>
    public static double Of(RgbImage first, RgbImage second)
    {
        ImagePair.RequireOneSize(first, second);
        if (!Fits(first))
        {
            throw new ArgumentException(
                $"{first.Width}x{first.Height} pixels: SSIM needs at least {WindowSize}x{WindowSize}.",
                nameof(first)
            );
        }

        return (OfChannel(first, second, 0) + OfChannel(first, second, 1) + OfChannel(first, second, 2)) / 3;
    }

    private static double OfChannel(RgbImage first, RgbImage second, int channel)
    {
        var across = first.Width - WindowSize + 1;
        var down = first.Height - WindowSize + 1;
        var products = Rows(Moments, first.Width);
        // The window is separable: rows are filtered once, as they come, and the last eleven of them are kept.
        var kept = Rows(WindowSize * Moments, across);
        var local = Rows(Moments, across);
        var sum = 0.0;
        for (var y = 0; y < first.Height; y++)
        {
            Multiply(first.Row(y), second.Row(y), channel, products);
            for (var m = 0; m < Moments; m++)
            {
                var filtered = kept[y % WindowSize * Moments + m];
                Array.Clear(filtered);
                for (var k = 0; k < WindowSize; k++)
                {
                    AddScaled(products[m].AsSpan(k, across), Window[k], filtered);
                }
            }

            if (y < WindowSize - 1)
            {
                continue;
            }

            for (var m = 0; m < Moments; m++)
            {
                Array.Clear(local[m]);
                for (var k = 0; k < WindowSize; k++)
                {
                    AddScaled(kept[(y + 1 + k) % WindowSize * Moments + m], Window[k], local[m]);
                }
            }

            sum += SumOfSimilarities(local);
        }

        return sum / ((double)across * down);
    }

    private static double[][] Rows(int count, int length) =>
        [.. Enumerable.Range(0, count).Select(_ => new double[length])];

    private static void Multiply(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, int channel, double[][] products)
    {
        for (int i = 0, from = channel; i < products[0].Length; i++, from += 3)
        {
            double x = first[from];
            double y = second[from];
            products[0][i] = x;
            products[1][i] = y;
            products[2][i] = x * x;
            products[3][i] = y * y;
            products[4][i] = x * y;
        }
    }

    private static void AddScaled(ReadOnlySpan<double> values, double weight, Span<double> sums)
    {
        var weights = new Vector<double>(weight);
        var i = 0;
        for (; i <= sums.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            (new Vector<double>(sums[i..]) + weights * new Vector<double>(values[i..])).CopyTo(sums[i..]);
        }

        for (; i < sums.Length; i++)
        {
            sums[i] += weight * values[i];
        }
    }

    private static double SumOfSimilarities(double[][] local)
    {
        var sum = 0.0;
        for (var i = 0; i < local[0].Length; i++)
        {
            var (meanX, meanY) = (local[0][i], local[1][i]);
            var varianceX = local[2][i] - meanX * meanX;
            var varianceY = local[3][i] - meanY * meanY;
            var covariance = local[4][i] - meanX * meanY;
            sum +=
                (2 * meanX * meanY + C1)
                * (2 * covariance + C2)
                / ((meanX * meanX + meanY * meanY + C1) * (varianceX + varianceY + C2));
        }

        return sum;
    }

    private static double[] GaussianWindow()
    {
        var weights = Enumerable
            .Range(-WindowSize / 2, WindowSize)
            .Select(x => Math.Exp(-x * x / (2 * Sigma * Sigma)))
            .ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
