using LatentDiffusion.Errors;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Masks;

/// <summary>Which of LaMa's sets of masks.</summary>
public enum MaskThickness
{
    /// <summary>Many thin strokes.</summary>
    Thin,

    /// <summary>Some strokes or boxes of medium size.</summary>
    Medium,

    /// <summary>Few thick strokes or large boxes.</summary>
    Thick,

    /// <summary>What LaMa and the LDM inpainting model train on: as many stroke masks as box masks.</summary>
    Training,
}

/// <summary>
/// Draws random masks with the numbers of LaMa (used by LDM section 4.5). A mask depends on the settings, the size and the
/// seed alone.
/// </summary>
public sealed record MaskGenerator
{
    // "MASK".
    private const long Purpose = 0x4d41534b;

    // Thin strokes cannot be thinner than a pixel, so at 32x32 only a few in a hundred masks keep to half of the image.
    private const int Attempts = 1000;
    private const int BaseSize = 256;

    /// <summary>Strokes, or null for none.</summary>
    public StrokeSettings? Strokes { get; init; }

    /// <summary>How often strokes are drawn, relative to <see cref="BoxWeight"/>.</summary>
    public double StrokeWeight { get; init; } = 1;

    /// <summary>Boxes, or null for none.</summary>
    public BoxSettings? Boxes { get; init; }

    /// <summary>How often boxes are drawn, relative to <see cref="StrokeWeight"/>.</summary>
    public double BoxWeight { get; init; } = 1;

    /// <summary>Masks with a larger share of holes are drawn again.</summary>
    public double MaxHoleShare { get; init; } = 1;

    /// <summary>LaMa's masks for images of a size.</summary>
    /// <param name="thickness">Which set.</param>
    /// <param name="size">
    /// Side of the square image in pixels. 256 and 512 have numbers of their own; for other sizes those of 256 are scaled.
    /// </param>
    /// <exception cref="UserInputException">The size is below 16.</exception>
    public static MaskGenerator Lama(MaskThickness thickness, int size)
    {
        if (size < 16)
        {
            throw new UserInputException($"Masks of {size}x{size} pixels are too small to draw. Use 16 or more.");
        }

        return size == 2 * BaseSize && thickness != MaskThickness.Training
            ? Lama512(thickness)
            : Lama256(thickness, size / (double)BaseSize);
    }

    /// <summary>Draws a mask.</summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="seed">Seed of this mask.</param>
    /// <exception cref="InvalidOperationException">There are neither strokes nor boxes to draw.</exception>
    public InpaintingMask Draw(int width, int height, long seed)
    {
        InpaintingMask? smallest = null;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var mask = DrawOnce(width, height, new RandomStream(DerivedSeed.Of(seed, Purpose, attempt)));
            var share = mask.HoleShare;
            if (share > 0 && share <= MaxHoleShare)
            {
                return mask;
            }

            if (share > 0 && (smallest is null || share < smallest.HoleShare))
            {
                smallest = mask;
            }
        }

        return smallest
            ?? throw new InvalidOperationException("The settings of the mask generator draw nothing but empty masks.");
    }

    private InpaintingMask DrawOnce(int width, int height, RandomStream random)
    {
        var (strokes, boxes) = (Strokes is null ? 0 : StrokeWeight, Boxes is null ? 0 : BoxWeight);
        if (strokes + boxes <= 0)
        {
            throw new InvalidOperationException("The mask generator has neither strokes nor boxes to draw.");
        }

        using var canvas = new MaskCanvas(width, height);
        if (random.Uniform() * (strokes + boxes) < strokes)
        {
            Strokes!.Draw(canvas, random);
        }
        else
        {
            Boxes!.Draw(canvas, random);
        }

        return canvas.ToMask();
    }

    private static MaskGenerator Lama256(MaskThickness thickness, double scale) =>
        thickness switch
        {
            MaskThickness.Thin => Test(StrokesOf(40, 10, 4, 50, scale), null),
            MaskThickness.Medium => Test(StrokesOf(100, 50, 4, 5, scale), BoxesOf(0, 10, 50, 1, 5, scale)),
            MaskThickness.Thick => Test(StrokesOf(200, 100, 1, 5, scale), BoxesOf(10, 30, 150, 1, 3, scale)),
            MaskThickness.Training => new()
            {
                Strokes = StrokesOf(200, 100, 1, 5, scale),
                Boxes = BoxesOf(10, 30, 150, 1, 4, scale),
            },
            _ => throw new ArgumentOutOfRangeException(nameof(thickness)),
        };

    private static MaskGenerator Lama512(MaskThickness thickness) =>
        thickness switch
        {
            MaskThickness.Thin => Test(StrokesOf(100, 20, 4, 70), null),
            MaskThickness.Medium => Test(StrokesOf(200, 100, 4, 10), BoxesOf(0, 30, 150, 1, 5)),
            _ => Test(StrokesOf(450, 250, 1, 5), BoxesOf(10, 30, 300, 1, 4)),
        };

    private static MaskGenerator Test(StrokeSettings strokes, BoxSettings? boxes) =>
        new()
        {
            Strokes = strokes,
            Boxes = boxes,
            BoxWeight = 0.3,
            MaxHoleShare = 0.5,
        };

    private static StrokeSettings StrokesOf(int length, int width, int fewest, int most, double scale = 1) =>
        new()
        {
            MaxLength = Scaled(length, scale),
            MaxWidth = Scaled(width, scale),
            MinCount = fewest,
            MaxCount = most,
        };

    private static BoxSettings BoxesOf(int margin, int shortest, int longest, int fewest, int most, double scale = 1) =>
        new()
        {
            Margin = (int)Math.Round(margin * scale),
            MinSize = Scaled(shortest, scale),
            MaxSize = Scaled(longest, scale),
            MinCount = fewest,
            MaxCount = most,
        };

    private static int Scaled(int pixels, double scale) => Math.Max(1, (int)Math.Round(pixels * scale));
}
