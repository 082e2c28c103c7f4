using CsCheck;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data.Masks;

public sealed class MaskGeneratorTests
{
    private const int Draws = 60;

    [Fact]
    public void A_mask_depends_on_its_seed_alone() =>
        Gen.Select(Gen.Enum<MaskThickness>(), Gen.OneOf(32, 64, 256, 512), Gen.Long)
            .Sample(
                (thickness, size, seed) =>
                {
                    var generator = MaskGenerator.Lama(thickness, size);
                    var mask = generator.Draw(size, size, seed);

                    Assert.Equal(mask.ToKeep(), generator.Draw(size, size, seed).ToKeep());
                    Assert.NotEqual(mask.ToKeep(), generator.Draw(size, size, seed + 1).ToKeep());
                    Assert.InRange(mask.HoleShare, 0.0001, thickness == MaskThickness.Training ? 1 : 0.5);
                },
                iter: 30
            );

    [Fact]
    public void Masks_for_testing_cover_at_most_half_and_differ_in_their_thickness()
    {
        var thin = Shares(MaskThickness.Thin, 256);
        var medium = Shares(MaskThickness.Medium, 256);
        var thick = Shares(MaskThickness.Thick, 256);

        Assert.All(thin.Concat(medium).Concat(thick), share => Assert.InRange(share, 0.001, 0.5));
        Assert.True(Erosion(MaskThickness.Thin) < Erosion(MaskThickness.Medium));
        Assert.True(Erosion(MaskThickness.Medium) < Erosion(MaskThickness.Thick));
        Assert.InRange(thin.Average(), 0.1, 0.4);
        Assert.InRange(thick.Average(), 0.1, 0.4);
    }

    [Fact]
    public void Small_thin_masks_keep_to_half_of_the_image()
    {
        var generator = MaskGenerator.Lama(MaskThickness.Thin, 32);

        Assert.All(
            Enumerable.Range(-846_424, 300),
            seed => Assert.InRange(generator.Draw(32, 32, seed).HoleShare, 0.0001, 0.5)
        );
    }

    [Fact]
    public void Scaled_masks_cover_as_much_as_those_they_were_scaled_from()
    {
        var full = Shares(MaskThickness.Training, 256).Average();
        var small = Shares(MaskThickness.Training, 128).Average();

        Assert.Equal(full, small, 0.1);
    }

    [Fact]
    public void Training_masks_are_strokes_as_often_as_boxes()
    {
        var boxes = Enumerable
            .Range(0, 400)
            .Count(seed => IsUnionOfRectangles(MaskGenerator.Lama(MaskThickness.Training, 64).Draw(64, 64, seed)));

        Assert.InRange(boxes, 150, 250);
    }

    [Fact]
    public void Boxes_keep_their_margin_sizes_and_number()
    {
        var generator = new MaskGenerator
        {
            Boxes = new BoxSettings
            {
                Margin = 5,
                MinSize = 4,
                MaxSize = 9,
                MinCount = 1,
                MaxCount = 1,
            },
        };
        var sizes = new HashSet<int>();
        for (var seed = 0; seed < 200; seed++)
        {
            var mask = generator.Draw(40, 30, seed);
            var (left, top, right, bottom) = Bounds(mask);
            Assert.True(left >= 5 && top >= 5 && right < 35 && bottom < 25);
            var (width, height) = (right - left + 1, bottom - top + 1);
            Assert.Equal(width * height / 1200.0, mask.HoleShare, 1e-9);
            sizes.UnionWith([width, height]);
        }

        Assert.Equal(Enumerable.Range(4, 6), sizes.Order());
    }

    [Theory]
    [InlineData(BrushShape.Line)]
    [InlineData(BrushShape.Circle)]
    [InlineData(BrushShape.Square)]
    public void Every_brush_leaves_something_of_its_width(BrushShape brush)
    {
        var generator = new MaskGenerator
        {
            Strokes = new StrokeSettings
            {
                MaxLength = 20,
                MaxWidth = 1,
                MinCount = 1,
                MaxCount = 1,
                Brush = brush,
            },
        };

        for (var seed = 0; seed < 20; seed++)
        {
            Assert.InRange(generator.Draw(128, 128, seed).HoleShare, 4 / 16384.0, 0.15);
        }
    }

    [Fact]
    public void White_is_the_hole_in_files_and_zero_in_samplers()
    {
        var image = RgbImage.Filled(4, 2, Rgb.Black);
        image.Row(0)[..3].Fill(255);

        var mask = InpaintingMask.FromImage(image);

        Assert.True(mask[0, 0]);
        Assert.False(mask[1, 0]);
        Assert.Equal(0.125, mask.HoleShare);
        Assert.Equal([0f, 1, 1, 1, 1, 1, 1, 1], mask.ToKeep());
        Assert.Equal([1f, -1, -1, -1, -1, -1, -1, -1], mask.ToModelInput());
        Assert.Equal(image.Pixels, mask.ToImage().Pixels);
        Assert.Equal(Rgb.Black, mask.Erase(RgbImage.Filled(4, 2, Rgb.White))[0, 0]);
        Assert.Equal(Rgb.White, mask.Erase(RgbImage.Filled(4, 2, Rgb.White))[1, 0]);
    }

    [Fact]
    public void A_thin_stroke_survives_covering_and_nearest_takes_the_first_pixel()
    {
        var mask = new InpaintingMask(8, 8, [.. Enumerable.Range(0, 64).Select(i => (byte)(i == 9 ? 1 : 0))]);

        Assert.Equal(0, mask.Nearest(2, 2).HoleShare);
        Assert.True(mask.Covering(4)[0, 0]);
        Assert.Equal(0.25, mask.Covering(4).HoleShare);
        Assert.True(mask.Nearest(16, 16)[2, 2] && mask.Nearest(16, 16)[3, 3]);
        Assert.Equal((3, 3), (mask.Covering(3).Width, mask.Covering(3).Height));
    }

    [Fact]
    public void Masks_of_another_size_or_without_holes_are_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["mask.png"], PngEncoder.Encode(RgbImage.Filled(8, 4, Rgb.Black)));

        Assert.Contains("8x4", Refusal(4, 8), StringComparison.Ordinal);
        Assert.Contains("no white pixel", Refusal(8, 4), StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => MaskGenerator.Lama(MaskThickness.Thin, 8));

        string Refusal(int width, int height) =>
            Assert.Throws<UserInputException>(() => InpaintingMask.Read(folder["mask.png"], width, height)).Message;
    }

    private static double[] Shares(MaskThickness thickness, int size)
    {
        var generator = MaskGenerator.Lama(thickness, size);
        return [.. Enumerable.Range(0, Draws).Select(seed => generator.Draw(size, size, seed).HoleShare)];
    }

    // The share of holes that are still there when the mask is cut to 32x32 blocks that are holes throughout.
    private static double Erosion(MaskThickness thickness)
    {
        var generator = MaskGenerator.Lama(thickness, 256);
        return Enumerable
            .Range(0, Draws)
            .Average(seed =>
            {
                var mask = generator.Draw(256, 256, seed);
                var inverse = new InpaintingMask(256, 256, Array.ConvertAll(mask.ToKeep(), k => (byte)k));
                return (1 - inverse.Covering(16).HoleShare) / mask.HoleShare;
            });
    }

    // Strokes have round ends and slanted sides; unions of boxes have corners only: every row's runs repeat for a while.
    private static bool IsUnionOfRectangles(InpaintingMask mask)
    {
        var changes = 0;
        for (var y = 1; y < mask.Height; y++)
        {
            var differs = false;
            for (var x = 0; x < mask.Width; x++)
            {
                differs |= mask[x, y] != mask[x, y - 1];
            }

            changes += differs ? 1 : 0;
        }

        return changes <= 8;
    }

    private static (int Left, int Top, int Right, int Bottom) Bounds(InpaintingMask mask)
    {
        var holes = Enumerable
            .Range(0, mask.Width * mask.Height)
            .Select(i => (X: i % mask.Width, Y: i / mask.Width))
            .Where(p => mask[p.X, p.Y])
            .ToArray();
        return (holes.Min(p => p.X), holes.Min(p => p.Y), holes.Max(p => p.X), holes.Max(p => p.Y));
    }
}
