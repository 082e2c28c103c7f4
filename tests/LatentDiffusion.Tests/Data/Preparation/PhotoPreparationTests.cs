using LatentDiffusion.Data.Preparation;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data.Preparation;

public sealed class PhotoPreparationTests : IDisposable
{
    private readonly Support.TemporaryFolder _folder = new();

    [Fact]
    public void A_picture_is_cut_at_every_scale_that_fits()
    {
        Write("in/a.png", Noise(70, 40, seed: 1));

        var result = Run(new PhotoPreparation { Size = 16, ValidationEvery = 0 });

        // At scale 1: 28x16, one square; at scale 2: 56x32, three by two.
        Assert.Equal((1, 7, 0), (result.Photos, result.Training, result.Validation));
        var squares = Directory.GetFiles(_folder["out/train"]).Select(f => ImageDecoder.DecodeFile(f)).ToList();
        Assert.Equal(7, squares.Count);
        Assert.All(squares, s => Assert.Equal((16, 16), (s.Width, s.Height)));
    }

    [Fact]
    public void A_repeat_at_another_size_is_passed_over_and_the_larger_kept()
    {
        var large = Noise(64, 64, seed: 2);
        Write("in/a/small.png", Resampler.Bicubic(large, 32, 32));
        Write("in/b/large.png", large);
        Write("in/c/other.png", Noise(32, 32, seed: 3));

        var result = Run(new PhotoPreparation { Size = 32, ValidationEvery = 0 });

        // Of the large one a square at scale 1 and four at scale 2.
        Assert.Equal((2, 1, 6), (result.Photos, result.Repeats, result.Training));
    }

    [Fact]
    public void Empty_squares_small_pictures_and_other_files_are_left_out()
    {
        Write("in/empty.png", RgbImage.Filled(64, 64, new Rgb(90, 120, 200)));
        Write("in/small.png", Noise(12, 40, seed: 4));
        Write("in/good.png", Noise(16, 16, seed: 5));
        File.WriteAllText(_folder["in/broken.png"], "no image");

        var result = Run(new PhotoPreparation { Size = 16, ValidationEvery = 0 });

        Assert.Equal((2, 2, 1), (result.Photos, result.Small, result.Training));
        // 1 + 4 + 16 squares of the empty picture.
        Assert.Equal(21, result.Flat);
    }

    [Fact]
    public void Validation_has_photographs_of_its_own()
    {
        for (var i = 0; i < 6; i++)
        {
            Write($"in/{i}.png", Noise(16, 16, seed: 10 + i));
        }

        var result = Run(new PhotoPreparation { Size = 16, ValidationEvery = 3 });

        Assert.Equal((4, 2), (result.Training, result.Validation));
        var training = Directory.GetFiles(_folder["out/train"]).Select(File.ReadAllBytes).ToList();
        Assert.All(
            Directory.GetFiles(_folder["out/validation"]).Select(File.ReadAllBytes),
            square => Assert.DoesNotContain(training, t => t.SequenceEqual(square))
        );
    }

    [Fact]
    public void Mistakes_are_named_and_leave_nothing_behind()
    {
        Write("in/small.png", Noise(8, 8, seed: 6));
        var preparation = new PhotoPreparation { Size = 16 };

        var missing = Assert.Throws<UserInputException>(() => Run(preparation, input: "no"));
        var small = Assert.Throws<UserInputException>(() => Run(preparation));
        Directory.CreateDirectory(_folder["there"]);
        var there = Assert.Throws<UserInputException>(() => Run(preparation, output: "there"));

        Assert.Contains(_folder["no"], missing.Message, StringComparison.Ordinal);
        Assert.Contains("16x16", small.Message, StringComparison.Ordinal);
        Assert.Contains("exists already", there.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    private PhotoPreparationResult Run(PhotoPreparation preparation, string input = "in", string output = "out") =>
        preparation.Run([_folder[input]], _folder[output], cancellation: TestContext.Current.CancellationToken);

    public void Dispose() => _folder.Dispose();

    private void Write(string name, RgbImage image)
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, PngEncoder.Encode(image));
    }

    private static RgbImage Noise(int width, int height, int seed)
    {
        var pixels = new byte[3 * width * height];
        new Random(seed).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
