using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class PairedFoldersTests : IDisposable
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

    private PairedFolders Open(int? size = null) => PairedFolders.Open(_folder["inputs"], _folder["outputs"], size);

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
