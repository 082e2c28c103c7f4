using System.IO.Compression;
using System.Text;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ImageSourcesTests : IDisposable
{
    private readonly Support.TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_zip_archive_is_read_as_the_folder_it_was_made_of()
    {
        foreach (var name in new[] { "dog/2.png", "cat/1.png", "cat/deep/3.png" })
        {
            var path = _folder[$"set/{name}"];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, PngEncoder.Encode(TestImages.Pattern(3 + name.Length, 4)));
        }

        File.WriteAllText(_folder["set/notes.txt"], "no image");
        ZipFile.CreateFromDirectory(
            _folder["set"],
            _folder["set.zip"],
            CompressionLevel.Fastest,
            includeBaseDirectory: true
        );

        var (folder, archive) = (ImageSources.Open(_folder["set"]), ImageSources.Open(_folder["set.zip"]));

        Assert.Equal(["cat", "dog"], archive.ClassNames);
        Assert.Equal(folder.Count, archive.Count);
        for (var i = 0; i < folder.Count; i++)
        {
            Assert.Equal(folder.Describe(i), archive.Describe(i));
            Assert.Equal(folder.Read(i), archive.Read(i));
        }
    }

    [Fact]
    public void An_array_of_bytes_is_its_images()
    {
        RgbImage[] images = [TestImages.Pattern(5, 3), RgbImage.Filled(5, 3, new Rgb(1, 2, 3))];
        WriteArray(
            "set.npz",
            "'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 5, 3)",
            [.. images.SelectMany(i => i.Pixels)]
        );

        var source = ImageSources.Open(_folder["set.npz"]);

        Assert.Equal(2, source.Count);
        Assert.Equal(
            images.Select(i => i.Pixels),
            Enumerable.Range(0, 2).Select(i => ImageDecoder.Decode(source.Read(i), "image").Pixels)
        );
    }

    [Theory]
    [InlineData("'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 5, 3)")]
    [InlineData("'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 5, 3)")]
    [InlineData("'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 5, 4)")]
    [InlineData("'descr': '|u1', 'fortran_order': False, 'shape': (2, 9, 9, 3)")]
    [InlineData("'descr': '|u1', 'fortran_order': False, 'shape': (0, 3, 5, 3)")]
    [InlineData("'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 3, 5, 3)")]
    public void Another_array_is_refused(string description)
    {
        WriteArray("set.npz", description, new byte[90]);

        var refusal = Assert.Throws<UserInputException>(() => ImageSources.Open(_folder["set.npz"]));
        Assert.Contains("set.npz", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_holds_no_images_is_named()
    {
        File.WriteAllText(_folder["set.zip"], "no archive");
        File.WriteAllText(_folder["set.npz"], "no archive");
        File.WriteAllText(_folder["set.txt"], "no images");
        using (ZipFile.Open(_folder["empty.zip"], ZipArchiveMode.Create)) { }

        foreach (var name in new[] { "set.zip", "set.npz", "set.txt", "empty.zip", "nothing" })
        {
            var refusal = Assert.Throws<UserInputException>(() => ImageSources.Open(_folder[name]));
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        }
    }

    private void WriteArray(string name, string description, byte[] pixels)
    {
        using var archive = ZipFile.Open(_folder[name], ZipArchiveMode.Create);
        using var stream = archive.CreateEntry("arr_0.npy").Open();
        var header = Encoding.Latin1.GetBytes($"{{{description}, }}\n");
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(header);
        stream.Write(pixels);
    }
}
