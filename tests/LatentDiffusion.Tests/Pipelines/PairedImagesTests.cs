using System.IO.Compression;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class PairedImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_of_one_name_are_a_pair_whatever_their_kind()
    {
        Write("inputs/b.png", 20);
        Write("inputs/cat/a.jpg", 30);
        Write("outputs/cat/a.png", 30);
        Write("outputs/b.png", 20);

        var folders = Open();
        var pairs = folders.Read([0, 1]).ToList();

        Assert.Equal(2, folders.Count);
        Assert.Equal(["b.png", "cat/a.jpg"], pairs.Select(pair => pair.Name));
        Assert.Equal([20, 30], pairs.Select(pair => pair.Output.Width));
        Assert.Equal([20, 30], pairs.Select(pair => pair.Input.Width));
        Assert.All(Open(size: 8).Read([0, 1]), pair => Assert.Equal((8, 8), (pair.Input.Width, pair.Output.Height)));
    }

    [Theory]
    [InlineData("inputs/b.png", "b (and 1 more) is in \"IN\" but not in \"OUT\"")]
    [InlineData("outputs/b.png", "b (and 1 more) is in \"OUT\" but not in \"IN\"")]
    [InlineData("inputs/a.jpg", "\"IN\" holds both a.jpg and a.png")]
    public void What_has_no_partner_or_two_is_named(string extra, string expected)
    {
        Write("inputs/a.png", 20);
        Write("outputs/a.png", 20);
        Write(extra, 20);
        Write(extra.Replace("b.png", "c.png", StringComparison.Ordinal), 20);

        var refusal = Assert.Throws<UserInputException>(() => Open()).Message;

        var message = expected
            .Replace("IN", _folder["inputs"], StringComparison.Ordinal)
            .Replace("OUT", _folder["outputs"], StringComparison.Ordinal);
        Assert.Contains(message, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inputs", "outputs.zip")]
    [InlineData("inputs.zip", "outputs")]
    public void An_archive_goes_with_a_folder_by_name(string inputs, string outputs)
    {
        // One folder alone: archives leave out what all names begin with.
        Write("inputs/cat/a.jpg", 30);
        Write("inputs/cat/b.png", 20);
        Write("outputs/cat/b.png", 20);
        Write("outputs/cat/a.png", 30);
        foreach (var name in (string[])["inputs", "outputs"])
        {
            ZipFile.CreateFromDirectory(_folder[name], _folder[$"{name}.zip"]);
        }

        var images = PairedImages.Open(_folder[inputs], _folder[outputs], size: null);

        Assert.False(images.IsByPosition);
        Assert.Equal([(30, 30), (20, 20)], images.Read([0, 1]).Select(pair => (pair.Input.Width, pair.Output.Width)));
    }

    [Fact]
    public void Archives_with_other_names_are_refused()
    {
        Write("inputs/cat/a.png", 20);
        Write("outputs/cat/b.png", 20);
        ZipFile.CreateFromDirectory(_folder["inputs"], _folder["inputs.zip"]);

        var refusal = Assert.Throws<UserInputException>(() =>
            PairedImages.Open(_folder["inputs.zip"], _folder["outputs"], size: null)
        );

        Assert.Contains("a is in", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_an_array_go_with_others_by_position()
    {
        RgbImage[] pictures = [.. Enumerable.Range(0, 3).Select(i => RgbImage.Filled(4, 4, new Rgb((byte)i, 9, 9)))];
        Npz.Write(_folder["inputs.npz"], pictures);
        Npz.Write(_folder["outputs.npz"], pictures);
        for (var i = 0; i < 3; i++)
        {
            Directory.CreateDirectory(_folder["outputs"]);
            File.WriteAllBytes(_folder[$"outputs/{i}.png"], PngEncoder.Encode(pictures[i]));
        }

        foreach (var outputs in (string[])["outputs.npz", "outputs"])
        {
            var images = PairedImages.Open(_folder["inputs.npz"], _folder[outputs], size: null);

            Assert.True(images.IsByPosition);
            var pairs = images.Read([2, 0]).ToList();
            Assert.Equal([2, 0], pairs.Select(pair => (int)pair.Input.Pixels[0]));
            Assert.Equal([2, 0], pairs.Select(pair => (int)pair.Output.Pixels[0]));
        }
    }

    [Fact]
    public void Images_without_names_must_be_as_many()
    {
        Npz.Write(_folder["inputs.npz"], [TestImages.Pattern(4, 4), TestImages.Pattern(4, 4)]);
        Npz.Write(_folder["outputs.npz"], [TestImages.Pattern(4, 4)]);

        var refusal = Assert.Throws<UserInputException>(() =>
            PairedImages.Open(_folder["inputs.npz"], _folder["outputs.npz"], size: null)
        );

        Assert.Contains("inputs.npz\" has 2 images", refusal.Message, StringComparison.Ordinal);
    }

    private PairedImages Open(int? size = null) => PairedImages.Open(_folder["inputs"], _folder["outputs"], size);

    private void Write(string name, int size)
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var format = name.EndsWith(".jpg", StringComparison.Ordinal)
            ? SKEncodedImageFormat.Jpeg
            : SKEncodedImageFormat.Png;
        File.WriteAllBytes(path, TestImages.Encode(format, TestImages.Pattern(size, size)));
    }
}
