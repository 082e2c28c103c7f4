using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class AugmentationTests
{
    private const int Size = 9;

    private static readonly byte[] Pattern = TestImages.Pattern(Size, Size).ToPlanar();

    [Fact]
    public void A_shift_moves_the_image_and_mirrors_at_the_edge()
    {
        var shift = new ShiftConfig { Pixels = 2 };
        var seen = new HashSet<(int, int)>();
        for (var seed = 0; seed < 300; seed++)
        {
            var shifted = RgbImage.FromPlanar(shift.Apply(Pattern, Size, seed), Size, Size);
            var moves =
                from dx in Enumerable.Range(-2, 5)
                from dy in Enumerable.Range(-2, 5)
                where IsMoved(shifted, dx, dy)
                select (dx, dy);
            seen.Add(Assert.Single(moves));
        }

        Assert.Equal(25, seen.Count);
    }

    [Fact]
    public void The_whole_area_is_the_whole_image()
    {
        // Only a square of the image's own proportions fits; other draws fall back to it.
        var whole = new ResizedCropConfig
        {
            Size = 5,
            MinArea = 1,
            MaxArea = 1,
        };

        var resized = Resampler.Bicubic(TestImages.Pattern(Size, Size), 5, 5).ToPlanar();

        Assert.All(Enumerable.Range(0, 20), seed => Assert.Equal(resized, whole.Apply(Pattern, Size, seed)));
    }

    [Fact]
    public void Crops_differ_by_seed_alone_and_cover_the_area_they_should()
    {
        // The grey level of a column is its position: the range of a crop tells its width.
        const int Large = 200;
        var ramp = new byte[3 * Large * Large];
        for (var i = 0; i < ramp.Length; i++)
        {
            ramp[i] = (byte)(i % Large);
        }

        var crop = new ResizedCropConfig { Size = 8, MinArea = 0.25 };
        var crops = Enumerable.Range(0, 200).Select(seed => crop.Apply(ramp, Large, seed)).ToList();

        Assert.Equal(crops[7], crop.Apply(ramp, Large, 7));
        Assert.True(crops.Select(Convert.ToHexString).Distinct().Count() > 150);
        Assert.All(crops, c => Assert.Equal(3 * 8 * 8, c.Length));
        // The outermost of 8 columns stand for 1/16 and 15/16 of the width, which is sqrt(area * aspect) or more.
        var widths = crops.Select(c => (c[7] - c[0]) * 8 / 7.0 / Large).ToList();
        Assert.InRange(widths.Min(), Math.Sqrt(0.25 * 3 / 4) - 0.03, 0.55);
        Assert.InRange(widths.Max(), 0.9, 1.03);
    }

    [Fact]
    public void Batches_hold_augmented_images_that_differ_between_epochs()
    {
        var source = MemorySource.Patterned(16, 16);
        var dataset = new ImageDataset(source, new ImageTransform(16), seed: 1)
        {
            Augmentation = new ResizedCropConfig { Size = 8 },
        };
        using var loader = new BatchLoader(dataset, batchSize: 2, workers: 0);

        var batch = loader.Next();

        Assert.Equal((8, 2 * 3 * 8 * 8), (batch.Size, batch.Pixels.Length));
        Assert.NotEqual(batch.Pixels[..(3 * 8 * 8)], batch.Pixels[(3 * 8 * 8)..]);
        // Decoded once all the same.
        Assert.Equal(1, source.Reads);
    }

    private static bool IsMoved(RgbImage image, int dx, int dy)
    {
        static int Mirrored(int position) =>
            position < 0 ? -position
            : position >= Size ? 2 * (Size - 1) - position
            : position;

        var original = RgbImage.FromPlanar(Pattern, Size, Size);
        return Enumerable
            .Range(0, Size * Size)
            .All(i => image[i % Size, i / Size] == original[Mirrored(i % Size + dx), Mirrored(i / Size + dy)]);
    }
}
