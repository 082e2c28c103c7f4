using CsCheck;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class IndexedPngTests
{
    private static readonly Rgb[] Palette = [.. Enumerable.Range(0, 256).Select(i => new Rgb((byte)i, 7, 9))];

    [Fact]
    public void What_is_written_is_read_back_and_shown_in_the_palettes_colours() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 256], Gen.Int)
            .Sample(
                (width, height, colours, seed) =>
                {
                    var random = new Random(seed);
                    var values = new byte[width * height];
                    random.NextBytes(values);
                    values = Array.ConvertAll(values, v => (byte)(v % colours));
                    var image = new IndexedImage(width, height, values, Palette[..colours]);

                    var file = IndexedPng.Write(image);

                    var read = IndexedPng.Read(file, "file");
                    Assert.Equal((width, height), (read.Width, read.Height));
                    Assert.Equal(values, read.Values);
                    Assert.Equal(image.Palette, read.Palette);
                    Assert.Equal(
                        values.SelectMany(v => new byte[] { v, 7, 9 }),
                        ImageDecoder.Decode(file, "file").Pixels
                    );
                },
                iter: 50
            );

    [Fact]
    public void Every_filter_is_undone()
    {
        // Rows that the five filters make of these values.
        byte[][] values =
        [
            [10, 20, 30],
            [11, 22, 33],
            [15, 25, 40],
            [12, 30, 50],
            [13, 29, 60],
        ];
        byte[][] rows =
        [
            [10, 20, 30],
            [11, 11, 11],
            [4, 3, 7],
            [12 - 7, 30 - (12 + 25) / 2, 50 - (30 + 40) / 2],
            [13 - 12, unchecked((byte)(29 - 30)), 60 - 50],
        ];

        var file = TestImages.Png(3, 5, 8, colourType: 0, rows, filters: [0, 1, 2, 3, 4]);

        var read = IndexedPng.Read(file, "file");
        Assert.Equal(values.SelectMany(v => v), read.Values);
    }

    [Theory]
    [InlineData(1, new byte[] { 0b1011_0000 }, new byte[] { 1, 0, 1, 1 })]
    [InlineData(2, new byte[] { 0b1101_1000 }, new byte[] { 3, 1, 2, 0 })]
    [InlineData(4, new byte[] { 0x1f, 0x30 }, new byte[] { 1, 15, 3, 0 })]
    [InlineData(16, new byte[] { 0, 5, 0, 6, 0, 255, 0, 0 }, new byte[] { 5, 6, 255, 0 })]
    public void Grey_levels_of_any_depth_are_the_stored_numbers(int bits, byte[] row, byte[] values) =>
        Assert.Equal(values, IndexedPng.Read(TestImages.Png(4, 1, bits, colourType: 0, [row]), "file").Values);

    [Fact]
    public void Large_numbers_colours_and_damage_are_refused()
    {
        var good = TestImages.Png(
            4,
            1,
            8,
            colourType: 0,
            [
                [1, 2, 3, 4],
            ]
        );
        var broken = (byte[])good.Clone();
        broken[^20] ^= 1;

        Refused(
            TestImages.Png(
                1,
                1,
                16,
                colourType: 0,
                [
                    [1, 5],
                ]
            ),
            "261"
        );
        Refused(PngEncoder.Encode(RgbImage.Filled(2, 2, Rgb.White)), "palette indices");
        Refused(good[..^5], "cut short");
        Refused(broken, "damaged");

        static void Refused(byte[] file, string message) =>
            Assert.Contains(
                message,
                Assert.Throws<ImageFormatException>(() => IndexedPng.Read(file, "file")).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Numbers_without_a_colour_cannot_be_written() =>
        Assert.Throws<ArgumentException>(() => IndexedPng.Write(new IndexedImage(1, 1, [3], Palette[..3])));
}
