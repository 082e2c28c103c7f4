using LatentDiffusion.Data;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class SquareSymmetryTests
{
    [Theory]
    [InlineData(false, 0, "abcdefghi")]
    [InlineData(false, 1, "gdahebifc")]
    [InlineData(false, 2, "ihgfedcba")]
    [InlineData(false, 3, "cfibehadg")]
    [InlineData(true, 0, "cbafedihg")]
    [InlineData(true, 1, "ifchebgda")]
    [InlineData(true, 2, "ghidefabc")]
    [InlineData(true, 3, "adgbehcfi")]
    public void A_square_is_mirrored_and_then_turned_clockwise(bool mirrored, int turns, string expected)
    {
        var symmetry = new SquareSymmetry(mirrored, turns);

        var moved = symmetry.Apply("abcdefghiABCDEFGHI"u8, 3);

        Assert.Equal(expected + expected.ToUpperInvariant(), System.Text.Encoding.ASCII.GetString(moved));
    }

    [Theory]
    [InlineData(0, false, 1)]
    [InlineData(0.5, false, 2)]
    [InlineData(0, true, 4)]
    [InlineData(0.5, true, 8)]
    public void A_transform_draws_its_symmetries_evenly(double flipProbability, bool rotate, int count)
    {
        var transform = new ImageTransform(5) { FlipProbability = flipProbability, Rotate = rotate };
        var image = TestImages.Pattern(7, 5);
        var square = transform.Square(image, seed: 0).ToPlanar();
        var expected = transform.Symmetries.Select(s => Convert.ToHexString(s.Apply(square, 5))).ToHashSet();

        var seen = Enumerable
            .Range(0, 800)
            .GroupBy(seed => Convert.ToHexString(transform.Apply(image, seed)))
            .ToDictionary(group => group.Key, group => group.Count());

        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, seen.Keys.ToHashSet());
        Assert.All(seen.Values, n => Assert.InRange(n, 800 / count * 0.6, 800 / count * 1.4));
    }

    [Fact]
    public void Turning_does_not_change_which_images_are_mirrored()
    {
        var flipping = new ImageTransform(5) { FlipProbability = 0.3 };
        var turning = flipping with { Rotate = true };

        Assert.All(
            Enumerable.Range(0, 100),
            seed => Assert.Equal(flipping.SymmetryOf(seed).IsMirrored, turning.SymmetryOf(seed).IsMirrored)
        );
    }

    [Fact]
    public void Images_kept_in_memory_are_turned_as_fresh_ones()
    {
        var transform = new ImageTransform(8) { FlipProbability = 0.5, Rotate = true };
        var kept = new ImageDataset(MemorySource.Patterned(20, 12), transform, seed: 3);
        var fresh = new ImageDataset(MemorySource.Patterned(20, 12), transform, seed: 3, cacheBytes: 0);

        var looks = new HashSet<string>();
        for (var epoch = 0; epoch < 60; epoch++)
        {
            var pixels = kept.Get(epoch, 0).Pixels;
            Assert.Equal(fresh.Get(epoch, 0).Pixels, pixels);
            looks.Add(Convert.ToHexString(pixels));
            Array.Clear(pixels);
        }

        Assert.Equal(8, looks.Count);
    }

    [Fact]
    public void Images_with_boxes_are_not_turned()
    {
        var images = new ImageFolderConfig
        {
            Path = "images",
            Size = 8,
            Rotate = true,
        };

        Assert.Empty(images.Check());
        Assert.Equal("Rotate", Assert.Single((images with { Layouts = "layouts" }).Check()).Property);
        Assert.Empty((images with { Layouts = "layouts", Rotate = false }).Check());
    }
}
