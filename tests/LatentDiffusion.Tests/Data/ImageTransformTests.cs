using CsCheck;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ImageTransformTests
{
    [Fact]
    public void The_middle_of_the_long_side_is_kept()
    {
        var image = TestImages.Pattern(9, 4);

        var pixels = new ImageTransform(4).Apply(image, seed: 1);

        Assert.Equal(image.Crop(2, 0, 4, 4).ToPlanar(), pixels);
    }

    [Fact]
    public void A_patch_is_cut_out_at_the_images_own_scale()
    {
        var image = TestImages.Pattern(40, 30);
        var transform = new ImageTransform(8) { Resize = ResizeMode.Keep, Crop = CropPlace.Random };

        var patches = Enumerable.Range(0, 20).Select(seed => transform.Apply(image, seed)).ToList();

        var all = Enumerable
            .Range(0, 33 * 23)
            .Select(i => Convert.ToHexString(image.Crop(i % 33, i / 33, 8, 8).ToPlanar()))
            .ToHashSet();
        Assert.All(patches, patch => Assert.Contains(Convert.ToHexString(patch), all));
        Assert.True(patches.Select(Convert.ToHexString).Distinct().Count() > 10);
        Assert.Equal(transform.Apply(image, 3), patches[3]);
    }

    [Fact]
    public void An_image_smaller_than_the_patch_is_enlarged_first()
    {
        var image = TestImages.Pattern(4, 6);

        var pixels = new ImageTransform(8) { Resize = ResizeMode.Keep }.Apply(image, seed: 1);

        Assert.Equal(Resampler.Bicubic(image, 8, 12).Crop(0, 2, 8, 8).ToPlanar(), pixels);
    }

    [Theory]
    [InlineData(31, 50)]
    [InlineData(50, 31)]
    [InlineData(3, 200)]
    [InlineData(16, 16)]
    public void The_short_side_is_scaled_to_the_size(int width, int height)
    {
        var image = TestImages.Pattern(width, height);

        var pixels = new ImageTransform(16).Apply(image, seed: 1);

        var scale = 16.0 / Math.Min(width, height);
        var (newWidth, newHeight) = ((int)Math.Round(width * scale), (int)Math.Round(height * scale));
        var expected = Resampler
            .Bicubic(image, newWidth, newHeight)
            .Crop((newWidth - 16) / 2, (newHeight - 16) / 2, 16, 16);
        Assert.Equal(expected.ToPlanar(), pixels);
    }

    [Fact]
    public void Stretching_keeps_everything()
    {
        var image = TestImages.Pattern(20, 10);

        var pixels = new ImageTransform(8) { Resize = ResizeMode.Stretch, Crop = CropPlace.Random }.Apply(
            image,
            seed: 1
        );

        Assert.Equal(Resampler.Bicubic(image, 8, 8).ToPlanar(), pixels);
    }

    [Fact]
    public void Random_crops_reach_every_place_and_no_other()
    {
        var image = TestImages.Pattern(9, 4);
        var transform = new ImageTransform(4) { Crop = CropPlace.Random };
        var places = Enumerable
            .Range(0, 6)
            .Select(x => Convert.ToHexString(image.Crop(x, 0, 4, 4).ToPlanar()))
            .ToHashSet();

        var seen = Enumerable
            .Range(0, 200)
            .Select(seed => Convert.ToHexString(transform.Apply(image, seed)))
            .ToHashSet();

        Assert.Equal(places, seen);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1000, 1000)]
    [InlineData(0.25, 200, 300)]
    public void Mirroring_has_the_probability_asked_for(double probability, int least, int most)
    {
        var image = TestImages.Pattern(3, 3);
        var transform = new ImageTransform(3) { FlipProbability = probability };
        var mirrored = new RgbImage(
            3,
            3,
            [.. image.Pixels.Chunk(9).SelectMany(row => row.Chunk(3).Reverse()).SelectMany(p => p)]
        );

        var results = Enumerable.Range(0, 1000).Select(seed => transform.Apply(image, seed)).ToList();

        Assert.InRange(results.Count(pixels => pixels.SequenceEqual(mirrored.ToPlanar())), least, most);
        Assert.All(
            results,
            pixels => Assert.True(pixels.SequenceEqual(mirrored.ToPlanar()) || pixels.SequenceEqual(image.ToPlanar()))
        );
    }

    [Fact]
    public void The_same_seed_gives_the_same_square() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], Gen.Int[1, 12], Gen.Long)
            .Sample(
                (width, height, size, seed) =>
                {
                    var transform = new ImageTransform(size) { Crop = CropPlace.Random, FlipProbability = 0.5 };
                    var first = transform.Apply(TestImages.Pattern(width, height), seed);
                    Assert.Equal(3 * size * size, first.Length);
                    Assert.Equal(first, transform.Apply(TestImages.Pattern(width, height), seed));
                }
            );

    [Fact]
    public void Impossible_settings_are_refused()
    {
        Assert.Contains("Image size 0", Refused(() => new ImageTransform(0)), StringComparison.Ordinal);
        Assert.Contains(
            "1.5",
            Refused(() => new ImageTransform(8) { FlipProbability = 1.5 }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "NaN",
            Refused(() => new ImageTransform(8) { FlipProbability = double.NaN }),
            StringComparison.Ordinal
        );
    }

    private static string Refused(Func<object> action) => Assert.Throws<UserInputException>(action).Message;
}
