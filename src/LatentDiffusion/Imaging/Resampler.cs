using System.Numerics;
using System.Runtime.InteropServices;

namespace LatentDiffusion.Imaging;

/// <summary>
/// Changes the size of images. Bicubic and box work as Pillow's <c>resize</c> does, to the bit: horizontally, then
/// vertically, rounded to 8 bits between the passes, each kernel widened when shrinking (antialiasing).
/// </summary>
public static class Resampler
{
    /// <summary>Antialiased bicubic (a = -0.5).</summary>
    public static RgbImage Bicubic(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        return TwoPass(image, width, height, ResampleWeights.Bicubic);
    }

    /// <summary>Mean over the covered input pixels when shrinking; when enlarging the nearest pixel.</summary>
    public static RgbImage Box(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        return TwoPass(image, width, height, ResampleWeights.Box);
    }

    /// <summary>The input pixel that holds the centre of each output pixel.</summary>
    public static RgbImage Nearest(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        var resized = Empty(width, height);
        for (var y = 0; y < height; y++)
        {
            var source = image.Row((int)((2L * y + 1) * image.Height / (2L * height)));
            var target = resized.Row(y);
            for (var x = 0; x < width; x++)
            {
                var from = (int)((2L * x + 1) * image.Width / (2L * width));
                source.Slice(from * 3, 3).CopyTo(target[(x * 3)..]);
            }
        }

        return resized;
    }

    private static RgbImage TwoPass(RgbImage image, int width, int height, Func<int, int, ResampleWeights> weightsFor)
    {
        // A size that stays needs no pass, so an image of the right size comes back as it was.
        var wide = width == image.Width ? image : Horizontal(image, weightsFor(image.Width, width), width);
        return height == wide.Height ? wide : Vertical(wide, weightsFor(wide.Height, height), height);
    }

    private static RgbImage Horizontal(RgbImage image, ResampleWeights weights, int width)
    {
        var resized = Empty(width, image.Height);
        for (var y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> source = image.Row(y);
            var target = resized.Row(y);
            for (var x = 0; x < width; x++)
            {
                int r = Half,
                    g = Half,
                    b = Half;
                var pixel = source[(weights.First(x) * 3)..];
                foreach (var weight in weights.Of(x))
                {
                    r += pixel[0] * weight;
                    g += pixel[1] * weight;
                    b += pixel[2] * weight;
                    pixel = pixel[3..];
                }

                target[x * 3] = ToByte(r);
                target[x * 3 + 1] = ToByte(g);
                target[x * 3 + 2] = ToByte(b);
            }
        }

        return resized;
    }

    private static RgbImage Vertical(RgbImage image, ResampleWeights weights, int height)
    {
        var resized = Empty(image.Width, height);
        var sums = new int[image.Width * 3];
        for (var y = 0; y < height; y++)
        {
            Array.Fill(sums, Half);
            var row = weights.First(y);
            foreach (var weight in weights.Of(y))
            {
                AddWeighted(sums, image.Row(row++), weight);
            }

            var target = resized.Row(y);
            for (var i = 0; i < sums.Length; i++)
            {
                target[i] = ToByte(sums[i]);
            }
        }

        return resized;
    }

    private static void AddWeighted(Span<int> sums, ReadOnlySpan<byte> row, int weight)
    {
        var bytes = MemoryMarshal.Cast<byte, Vector<byte>>(row);
        var totals = MemoryMarshal.Cast<int, Vector<int>>(sums);
        for (var i = 0; i < bytes.Length; i++)
        {
            Vector.Widen(bytes[i], out var low, out var high);
            Vector.Widen(low, out var part0, out var part1);
            Vector.Widen(high, out var part2, out var part3);
            totals[4 * i] += Vector.AsVectorInt32(part0) * weight;
            totals[4 * i + 1] += Vector.AsVectorInt32(part1) * weight;
            totals[4 * i + 2] += Vector.AsVectorInt32(part2) * weight;
            totals[4 * i + 3] += Vector.AsVectorInt32(part3) * weight;
        }

        for (var i = bytes.Length * Vector<byte>.Count; i < row.Length; i++)
        {
            sums[i] += row[i] * weight;
        }
    }

    // Added before the fraction is cut off, so that the cut rounds.
    private const int Half = 1 << (ResampleWeights.PrecisionBits - 1);

    private static byte ToByte(int fixedPoint) => (byte)Math.Clamp(fixedPoint >> ResampleWeights.PrecisionBits, 0, 255);

    private static RgbImage Empty(int width, int height) => new(width, height, new byte[checked(width * height * 3)]);
}
