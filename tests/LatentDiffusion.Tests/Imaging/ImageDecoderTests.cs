using LatentDiffusion.Imaging;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class ImageDecoderTests
{
    private static readonly RgbImage Picture = TestImages.Pattern(37, 23);

    public static TheoryData<string, byte[]> LosslessFiles =>
        new()
        {
            { "png", TestImages.Encode(SKEncodedImageFormat.Png, Picture) },
            { "webp", TestImages.Encode(SKEncodedImageFormat.Webp, Picture) },
            { "bmp", TestImages.Bmp(Picture) },
        };

    [Theory]
    [MemberData(nameof(LosslessFiles))]
    public void Lossless_formats_give_back_every_byte(string name, byte[] file)
    {
        var image = ImageDecoder.Decode(file, name);

        Assert.Equal((37, 23), (image.Width, image.Height));
        Assert.Equal(Picture.Pixels, image.Pixels);
    }

    [Fact]
    public void Jpeg_comes_close()
    {
        var grey = RgbImage.Filled(16, 16, new Rgb(200, 100, 50));

        var image = ImageDecoder.Decode(TestImages.Encode(SKEncodedImageFormat.Jpeg, grey), "x.jpg");

        AssertNear(new Rgb(200, 100, 50), image[8, 8], 3);
    }

    [Fact]
    public void Of_an_animation_the_first_frame_is_used()
    {
        var image = ImageDecoder.Decode(TestImages.Golden("two-frames.gif"), "two-frames.gif");

        Assert.Equal((6, 4), (image.Width, image.Height));
        Assert.Equal(new Rgb(255, 0, 0), image[5, 3]);
    }

    [Fact]
    public void Sixteen_bits_keep_the_high_byte()
    {
        var file = TestImages.Png(
            2,
            1,
            16,
            2,
            [
                [0x12, 0xff, 0x80, 0x00, 0xff, 0xff, 0, 1, 0x7f, 0xfe, 0xab, 0xcd],
            ]
        );

        var image = ImageDecoder.Decode(file, "deep.png");

        Assert.Equal(new Rgb(0x12, 0x80, 0xff), image[0, 0]);
        Assert.Equal(new Rgb(0, 0x7f, 0xab), image[1, 0]);
        var header = ImageDecoder.ReadHeader(file, "deep.png");
        Assert.Equal((16, StoredColour.Rgb, false), (header.BitsPerChannel, header.Colour, header.HasAlpha));
    }

    [Theory]
    [InlineData(8, new byte[] { 0, 77, 255 }, new byte[] { 0, 77, 255 })]
    [InlineData(16, new byte[] { 1, 200, 77, 0, 255, 255 }, new byte[] { 1, 77, 255 })]
    [InlineData(2, new byte[] { 0b00_01_11_00 }, new byte[] { 0, 85, 255 })]
    public void Grey_becomes_three_equal_channels(int bits, byte[] row, byte[] expected)
    {
        var file = TestImages.Png(3, 1, bits, 0, [row]);

        var image = ImageDecoder.Decode(file, "grey.png");

        Assert.Equal(expected.Select(v => new Rgb(v, v, v)), Enumerable.Range(0, 3).Select(x => image[x, 0]));
        Assert.Equal(StoredColour.Grey, ImageDecoder.ReadHeader(file, "grey.png").Colour);
    }

    [Fact]
    public void Palette_indices_are_looked_up()
    {
        var file = TestImages.Png(
            2,
            1,
            8,
            3,
            [
                [1, 0],
            ],
            palette: [10, 20, 30, 40, 50, 60]
        );

        var image = ImageDecoder.Decode(file, "palette.png");

        Assert.Equal([new Rgb(40, 50, 60), new Rgb(10, 20, 30)], new[] { image[0, 0], image[1, 0] });
        Assert.Equal(StoredColour.Palette, ImageDecoder.ReadHeader(file, "palette.png").Colour);
    }

    [Fact]
    public void Cmyk_jpeg_becomes_rgb()
    {
        var file = TestImages.Golden("cmyk.jpg");

        var image = ImageDecoder.Decode(file, "cmyk.jpg");

        AssertNear(new Rgb(255, 0, 0), image[2, 2], 4);
        AssertNear(new Rgb(0, 127, 127), image[13, 2], 4);
        Assert.Equal(StoredColour.Cmyk, ImageDecoder.ReadHeader(file, "cmyk.jpg").Colour);
    }

    [Fact]
    public void Transparent_pixels_are_laid_over_the_background()
    {
        byte[] rgba = [200, 0, 0, 255, 200, 0, 0, 0, 200, 0, 0, 128];
        var file = TestImages.Encode(SKEncodedImageFormat.Png, 3, 1, rgba);

        var onWhite = ImageDecoder.Decode(file, "alpha.png");
        var onBlue = ImageDecoder.Decode(file, "alpha.png", new Rgb(0, 0, 100));

        Assert.Equal([new Rgb(200, 0, 0), Rgb.White, new Rgb(227, 127, 127)], Row(onWhite));
        Assert.Equal([new Rgb(200, 0, 0), new Rgb(0, 0, 100), new Rgb(100, 0, 50)], Row(onBlue));
        Assert.True(ImageDecoder.ReadHeader(file, "alpha.png").HasAlpha);
    }

    // The stored picture is AB over CD; what EXIF says it looks like, from the definition of the eight values.
    [Theory]
    [InlineData(1, "AB/CD")]
    [InlineData(2, "BA/DC")]
    [InlineData(3, "DC/BA")]
    [InlineData(4, "CD/AB")]
    [InlineData(5, "AC/BD")]
    [InlineData(6, "CA/DB")]
    [InlineData(7, "DB/CA")]
    [InlineData(8, "BD/AC")]
    public void Exif_orientation_is_applied(byte orientation, string expected)
    {
        var colours = new Dictionary<char, Rgb>
        {
            ['A'] = new(230, 20, 20),
            ['B'] = new(20, 230, 20),
            ['C'] = new(20, 20, 230),
            ['D'] = new(230, 230, 20),
        };
        var stored = RgbImage.Filled(32, 16, Rgb.Black);
        for (var i = 0; i < 32 * 16; i++)
        {
            var (r, g, b) = colours["ABCD"[(i % 32 / 16) + 2 * (i / 32 / 8)]];
            (stored.Pixels[3 * i], stored.Pixels[3 * i + 1], stored.Pixels[3 * i + 2]) = (r, g, b);
        }

        var file = TestImages.WithOrientation(TestImages.Encode(SKEncodedImageFormat.Jpeg, stored), orientation);
        var image = ImageDecoder.Decode(file, "turned.jpg");
        var header = ImageDecoder.ReadHeader(file, "turned.jpg");

        var size = orientation >= 5 ? (16, 32) : (32, 16);
        Assert.Equal(size, (image.Width, image.Height));
        Assert.Equal(size, (header.Width, header.Height));
        char Seen(int x, int y) => colours.MinBy(pair => Distance(pair.Value, image[x, y])).Key;
        var (right, bottom) = (image.Width - 2, image.Height - 2);
        Assert.Equal(expected, $"{Seen(1, 1)}{Seen(right, 1)}/{Seen(1, bottom)}{Seen(right, bottom)}");
    }

    public static TheoryData<string, byte[]> AllFormats =>
        new()
        {
            { "x.png", TestImages.Encode(SKEncodedImageFormat.Png, Picture) },
            { "x.webp", TestImages.Encode(SKEncodedImageFormat.Webp, Picture) },
            { "x.jpg", TestImages.Encode(SKEncodedImageFormat.Jpeg, Picture) },
            { "x.bmp", TestImages.Bmp(Picture) },
            { "x.gif", TestImages.Golden("two-frames.gif")[..40] },
        };

    [Theory]
    [MemberData(nameof(AllFormats))]
    public void A_file_cut_short_is_refused_in_one_line(string name, byte[] file)
    {
        foreach (var length in (int[])[file.Length * 2 / 3, file.Length / 3, 14])
        {
            var error = Assert.Throws<ImageFormatException>(() => ImageDecoder.Decode(file.AsMemory(0, length), name));

            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void The_line_about_a_png_cut_short_says_so()
    {
        var file = TestImages.Encode(SKEncodedImageFormat.Png, Picture);

        var error = Assert.Throws<ImageFormatException>(() => ImageDecoder.Decode(file.AsMemory(0, 500), "a/b.png"));

        Assert.Equal(
            "Image \"a/b.png\" is cut short (500 bytes are there). Copy it again or remove it.",
            error.Message
        );
    }

    [Fact]
    public void A_png_with_a_flipped_bit_is_refused()
    {
        var file = TestImages.Encode(SKEncodedImageFormat.Png, Picture);
        file[file.Length / 2] ^= 0x10;

        var error = Assert.Throws<ImageFormatException>(() => ImageDecoder.Decode(file, "bad.png"));

        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("hello", "bytes 68656C6C")]
    public void Other_data_is_refused(string content, string reason)
    {
        var data = System.Text.Encoding.ASCII.GetBytes(content);

        var decode = Assert.Throws<ImageFormatException>(() => ImageDecoder.Decode(data, "notes.png"));
        var header = Assert.Throws<ImageFormatException>(() => ImageDecoder.ReadHeader(data, "notes.png"));

        Assert.Contains("\"notes.png\" is not a PNG", decode.Message, StringComparison.Ordinal);
        Assert.Contains(reason, decode.Message, StringComparison.Ordinal);
        Assert.Equal(decode.Message, header.Message);
    }

    [Fact]
    public void Absurd_sizes_are_refused_before_memory_is_taken()
    {
        var file = TestImages.Png(
            200_000,
            200_000,
            8,
            2,
            [
                [0, 0, 0],
            ]
        );

        var error = Assert.Throws<ImageFormatException>(() => ImageDecoder.Decode(file, "huge.png"));

        Assert.Contains("200000x200000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<ImageFormatException>(() => ImageDecoder.DecodeFile("no/such.png"));

        Assert.Contains("no/such.png", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<Rgb> Row(RgbImage image) => Enumerable.Range(0, image.Width).Select(x => image[x, 0]);

    private static int Distance(Rgb a, Rgb b) => Math.Abs(a.R - b.R) + Math.Abs(a.G - b.G) + Math.Abs(a.B - b.B);

    private static void AssertNear(Rgb expected, Rgb actual, int tolerance) =>
        Assert.True(Distance(expected, actual) <= tolerance, $"{actual} is not near {expected}");
}
