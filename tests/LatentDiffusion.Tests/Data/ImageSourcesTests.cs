using System.IO.Compression;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ImageSourcesTests : IDisposable
{
    private const string TwoImages = "'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 5, 3)";

    private readonly TemporaryFolder _folder = new();

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

        var folder = ImageSources.Open(_folder["set"]);
        using var archive = Assert.IsType<ZipImageSource>(ImageSources.Open(_folder["set.zip"]));

        Assert.Equal(["cat", "dog"], archive.ClassNames);
        Assert.Equal(folder.Count, archive.Count);
        for (var i = 0; i < folder.Count; i++)
        {
            Assert.Equal(folder.Describe(i), archive.Describe(i));
            Assert.Equal(folder.Read(i), archive.Read(i));
        }
    }

    [Fact]
    public void Files_of_a_zip_archive_are_read_by_many_at_once()
    {
        using (var zip = ZipFile.Open(_folder["set.zip"], ZipArchiveMode.Create))
        {
            for (var i = 0; i < 50; i++)
            {
                using var stream = zip.CreateEntry($"{i:d2}.png", CompressionLevel.Fastest).Open();
                stream.Write(PngEncoder.Encode(Level(i)));
            }
        }

        using var archive = ZipImageSource.Open(_folder["set.zip"]);

        Parallel.For(
            0,
            500,
            i => Assert.Equal(Level(i % 50).Pixels, ImageDecoder.Decode(archive.Read(i % 50), "image").Pixels)
        );

        static RgbImage Level(int level) => RgbImage.Filled(9, 7, new Rgb((byte)level, 0, 0));
    }

    [Fact]
    public void A_damaged_file_of_a_zip_archive_is_named()
    {
        using (var zip = ZipFile.Open(_folder["set.zip"], ZipArchiveMode.Create))
        {
            using var stream = zip.CreateEntry("bad.png").Open();
            stream.Write(new byte[100_000]);
        }

        // Behind the local header, which is 30 bytes, the name and more: a block of a kind that there is not.
        var bytes = File.ReadAllBytes(_folder["set.zip"]);
        bytes[30 + bytes[26] + bytes[28]] = 0xff;
        File.WriteAllBytes(_folder["set.zip"], bytes);
        using var archive = ZipImageSource.Open(_folder["set.zip"]);

        var refusal = Assert.Throws<UserInputException>(() => archive.Read(0));

        Assert.Contains("bad.png", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("set.zip", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void An_array_of_bytes_is_its_images(CompressionLevel compression)
    {
        RgbImage[] images = [TestImages.Pattern(5, 3), RgbImage.Filled(5, 3, new Rgb(1, 2, 3))];
        Npz.Write(_folder["set.npz"], TwoImages, [.. images.SelectMany(i => i.Pixels)], compression);

        var source = ImageSources.Open(_folder["set.npz"]);

        Assert.Equal(2, source.Count);
        Assert.Equal(
            images.Select(i => i.Pixels),
            Enumerable.Range(0, 2).Select(i => ImageDecoder.Decode(source.Read(i), "image").Pixels)
        );
    }

    [Fact]
    public void An_array_stored_as_it_is_stays_in_the_file()
    {
        Npz.Write(_folder["set.npz"], TwoImages, new byte[90], CompressionLevel.NoCompression);
        var source = ImageSources.Open(_folder["set.npz"]);
        var pixels = Enumerable.Range(1, 90).Select(i => (byte)i).ToArray();
        Npz.Write(_folder["set.npz"], TwoImages, pixels, CompressionLevel.NoCompression);

        var first = ImageDecoder.Decode(source.Read(0), "image").Pixels;
        var second = ImageDecoder.Decode(source.Read(1), "image").Pixels;

        Assert.Equal(pixels, first.Concat(second));
        File.WriteAllText(_folder["set.npz"], "cut short");
        var refusal = Assert.ThrowsAny<UserInputException>(() => source.Read(1));
        Assert.Contains("set.npz", refusal.Message, StringComparison.Ordinal);
        File.Delete(_folder["set.npz"]);
        Assert.ThrowsAny<UserInputException>(() => source.Read(1));
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
        foreach (var compression in new[] { CompressionLevel.NoCompression, CompressionLevel.Optimal })
        {
            Npz.Write(_folder["set.npz"], description, new byte[90], compression);

            var refusal = Assert.Throws<UserInputException>(() => ImageSources.Open(_folder["set.npz"]));
            Assert.Contains("set.npz", refusal.Message, StringComparison.Ordinal);
        }
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
}
