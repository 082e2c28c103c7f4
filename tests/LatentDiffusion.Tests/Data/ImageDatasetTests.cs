using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ImageDatasetTests
{
    private static readonly ImageTransform Flipping = new(8) { FlipProbability = 0.5 };

    [Fact]
    public void Memory_changes_nothing_but_the_number_of_reads()
    {
        var (source, again) = (MemorySource.Patterned(20, 12), MemorySource.Patterned(20, 12));
        var kept = new ImageDataset(source, Flipping, seed: 3);
        var fresh = new ImageDataset(again, Flipping, seed: 3, cacheBytes: 0);

        var looks = new HashSet<string>();
        for (var epoch = 0; epoch < 20; epoch++)
        {
            var sample = kept.Get(epoch, 0);
            Assert.Equal(fresh.Get(epoch, 0).Pixels, sample.Pixels);
            looks.Add(Convert.ToHexString(sample.Pixels));

            // The caller may do what it likes with its copy.
            Array.Clear(sample.Pixels);
        }

        Assert.Equal(2, looks.Count);
        Assert.Equal((1, 20), (source.Reads, again.Reads));
    }

    [Fact]
    public void Images_are_kept_only_if_they_fit_and_never_change()
    {
        var source = new MemorySource(10);
        const int bytes = 10 * 3 * 8 * 8;

        Assert.True(new ImageDataset(source, Flipping, 1, bytes).KeepsImages);
        Assert.False(new ImageDataset(source, Flipping, 1, bytes - 1).KeepsImages);
        Assert.False(new ImageDataset(source, Flipping with { Crop = CropPlace.Random }, 1).KeepsImages);
    }

    [Fact]
    public void Random_crops_differ_between_epochs_and_seeds()
    {
        var transform = new ImageTransform(8) { Crop = CropPlace.Random };
        var one = new ImageDataset(MemorySource.Patterned(400, 8), transform, seed: 1);
        var two = new ImageDataset(MemorySource.Patterned(400, 8), transform, seed: 2);

        Assert.NotEqual(one.Get(0, 0).Pixels, one.Get(1, 0).Pixels);
        Assert.NotEqual(one.Get(0, 0).Pixels, two.Get(0, 0).Pixels);
        Assert.Equal(one.Get(7, 0).Pixels, one.Get(7, 0).Pixels);
    }

    [Fact]
    public void The_transforms_background_shows_through()
    {
        using var folder = new TemporaryFolder();
        folder.Write("clear.png", TestImages.Encode(SKEncodedImageFormat.Png, 1, 1, [9, 9, 9, 0]));
        var transform = new ImageTransform(1) { Background = new Rgb(1, 2, 3) };

        var sample = new ImageDataset(ImageFolderSource.Open(folder.Path), transform, seed: 1).Get(0, 0);

        Assert.Equal(new byte[] { 1, 2, 3 }, sample.Pixels);
    }

    [Fact]
    public void A_damaged_image_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ok.png", PngEncoder.Encode(TestImages.Pattern(9, 9)));
        folder.Write("cat/cut.png", PngEncoder.Encode(TestImages.Pattern(9, 9))[..^60]);
        var dataset = new ImageDataset(ImageFolderSource.Open(folder.Path), new ImageTransform(4), seed: 1);

        var error = Assert.Throws<ImageFormatException>(() => dataset.Get(0, 0));

        Assert.Contains("\"cat/cut.png\" is cut short", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_strip_of_pixels_is_refused_and_named()
    {
        var transform = new ImageTransform(512);
        var allowed = new ImageDataset(MemorySource.Patterned(1, 100), transform, seed: 1);
        var strip = new ImageDataset(MemorySource.Patterned(60_000, 1), transform, seed: 1);

        Assert.Equal(3 * 512 * 512, allowed.Get(0, 0).Pixels.Length);
        var error = Assert.Throws<UserInputException>(() => strip.Get(0, 0));
        Assert.Contains("\"image 0\" is 60000x1", error.Message, StringComparison.Ordinal);
    }
}
