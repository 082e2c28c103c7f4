using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>Changes a square image at random, so that a classifier sees another version of it in every epoch.</summary>
[ConfigKinds(typeof(ShiftConfig), typeof(ResizedCropConfig))]
public abstract record AugmentationConfig
{
    /// <summary>The side of the result, for an input of side <paramref name="size"/>.</summary>
    internal abstract int OutputSize(int size);

    /// <summary>Applies it; the result depends on the arguments alone.</summary>
    /// <param name="planar">[3, size, size].</param>
    /// <param name="size">Side of the input.</param>
    /// <param name="seed">Seed of this image in this epoch.</param>
    /// <returns>[3, output size, output size].</returns>
    internal abstract byte[] Apply(byte[] planar, int size, long seed);

    // "SHFT" and "RCRP".
    private protected enum Purpose : long
    {
        Shift = 0x53484654,
        ResizedCrop = 0x52435250,
    }
}

/// <summary>Moves an image by up to some pixels; what is uncovered mirrors what lies beside it.</summary>
[ConfigKind("shift")]
public sealed record ShiftConfig : AugmentationConfig
{
    /// <summary>The largest shift in each direction.</summary>
    [Description("The largest shift in each direction, in pixels.")]
    [Minimum(1)]
    public int Pixels { get; init; } = 4;

    internal override int OutputSize(int size) => size;

    internal override byte[] Apply(byte[] planar, int size, long seed)
    {
        var dx = UniformDraw.Below(2 * Pixels + 1, seed, (long)Purpose.Shift, 0) - Pixels;
        var dy = UniformDraw.Below(2 * Pixels + 1, seed, (long)Purpose.Shift, 1) - Pixels;
        var shifted = new byte[planar.Length];
        for (var i = 0; i < shifted.Length; i++)
        {
            var (row, x) = Math.DivRem(i, size);
            var (channel, y) = Math.DivRem(row, size);
            shifted[i] = planar[(channel * size + Reflect(y + dy, size)) * size + Reflect(x + dx, size)];
        }

        return shifted;
    }

    private static int Reflect(int position, int size)
    {
        var period = Math.Max(1, 2 * (size - 1));
        var folded = Math.Abs(position) % period;
        return Math.Min(folded, period - folded);
    }
}

/// <summary>Cuts out a rectangle of random area, proportions and place and scales it to a square.</summary>
[ConfigKind("resized_crop")]
public sealed record ResizedCropConfig : AugmentationConfig, IConfigCheck
{
    private const int Attempts = 10;
    private static readonly double WidestLogAspect = Math.Log(4 / 3.0);

    /// <summary>Side of the result, in pixels.</summary>
    [Description("Side of the result, in pixels.")]
    [Minimum(1)]
    public required int Size { get; init; }

    /// <summary>The smallest area, as a share of the image's.</summary>
    [Description("The smallest area that is cut out, as a share of the image's.")]
    [Minimum(0, Exclusive = true), Maximum(1)]
    public double MinArea { get; init; } = 0.08;

    /// <summary>The largest area, as a share of the image's.</summary>
    [Description("The largest area that is cut out, as a share of the image's.")]
    [Minimum(0, Exclusive = true), Maximum(1)]
    public double MaxArea { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (MinArea > MaxArea)
        {
            yield return new ConfigProblem(nameof(MinArea), "must not exceed max_area");
        }
    }

    internal override int OutputSize(int size) => Size;

    internal override byte[] Apply(byte[] planar, int size, long seed)
    {
        var (x, y, width, height) = DrawRectangle(size, seed);
        var crop = RgbImage.FromPlanar(planar, size, size).Crop(x, y, width, height);
        return Resampler.Bicubic(crop, Size, Size).ToPlanar();
    }

    // Proportions between 3:4 and 4:3, even in their logarithm; the whole image where no rectangle fits.
    private (int X, int Y, int Width, int Height) DrawRectangle(int size, long seed)
    {
        double Draw(int number) => UniformDraw.Fraction(seed, (long)Purpose.ResizedCrop, number);

        for (var i = 0; i < Attempts; i++)
        {
            var area = (MinArea + Draw(4 * i) * (MaxArea - MinArea)) * size * size;
            var aspect = Math.Exp((2 * Draw(4 * i + 1) - 1) * WidestLogAspect);
            var width = Math.Max(1, (int)Math.Round(Math.Sqrt(area * aspect)));
            var height = Math.Max(1, (int)Math.Round(Math.Sqrt(area / aspect)));
            if (width <= size && height <= size)
            {
                var x = (int)(Draw(4 * i + 2) * (size - width + 1));
                var y = (int)(Draw(4 * i + 3) * (size - height + 1));
                return (x, y, width, height);
            }
        }

        return (0, 0, size, size);
    }
}
