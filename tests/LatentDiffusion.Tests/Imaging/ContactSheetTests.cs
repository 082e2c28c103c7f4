using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class ContactSheetTests
{
    private static readonly RgbImage Red = RgbImage.Filled(4, 3, new Rgb(255, 0, 0));
    private static readonly RgbImage Green = RgbImage.Filled(4, 3, new Rgb(0, 255, 0));
    private static readonly RgbImage Blue = RgbImage.Filled(4, 3, new Rgb(0, 0, 255));

    [Fact]
    public void Images_fill_rows_from_the_left()
    {
        var sheet = new ContactSheet(2) { Gap = 1 }.Draw([Red, Green, Blue]);

        Assert.Equal((1 + 2 * 5, 1 + 2 * 4), (sheet.Width, sheet.Height));
        Assert.Equal([Red[0, 0], Green[0, 0], Rgb.White], new[] { sheet[1, 1], sheet[6, 1], sheet[5, 1] });
        Assert.Equal([Blue[0, 0], Rgb.White], new[] { sheet[4, 7], sheet[6, 5] });
    }

    [Fact]
    public void Small_images_are_enlarged_pixel_by_pixel()
    {
        var image = TestImages.Pattern(3, 2);

        var sheet = new ContactSheet(1) { Gap = 0, Upscale = 4 }.Draw([image]);

        Assert.Equal((12, 8), (sheet.Width, sheet.Height));
        for (var i = 0; i < 12 * 8; i++)
        {
            Assert.Equal(image[i % 12 / 4, i / 12 / 4], sheet[i % 12, i / 12]);
        }
    }

    [Fact]
    public void Title_and_captions_are_written_outside_the_images()
    {
        var images = Enumerable.Repeat(RgbImage.Filled(40, 40, Rgb.White), 4).ToArray();
        var plain = new ContactSheet(2).Draw(images);
        var captioned = new ContactSheet(2)
        {
            Title = "Samples",
            ColumnCaptions = ["left", "right"],
            RowCaptions = ["eta 0", "\u03b7 1"],
        }.Draw(images);

        Assert.Equal(0, Ink(plain, 0, 0, plain.Width, plain.Height));
        var top = captioned.Height - plain.Height;
        var side = captioned.Width - plain.Width;
        Assert.True(Ink(captioned, 0, 0, captioned.Width, top / 2) > 50, "title");
        Assert.True(Ink(captioned, side, top / 2, 44, top / 2) > 20, "first column's caption");
        Assert.True(Ink(captioned, side + 44, top / 2, 44, top / 2) > 20, "second column's caption");
        Assert.True(Ink(captioned, 0, top, side, 44) > 20, "first row's caption");
        Assert.True(Ink(captioned, 0, top + 44, side, 44) > 10, "second row's caption");
        Assert.Equal(0, Ink(captioned, side + 4, top + 4, 40, 40));
    }

    [Fact]
    public void A_caption_wider_than_its_column_is_cut()
    {
        var images = Enumerable.Repeat(RgbImage.Filled(40, 40, Rgb.White), 2).ToArray();
        var sheet = new ContactSheet(2) { ColumnCaptions = ["a very long caption indeed"] }.Draw(images);

        Assert.Equal(new ContactSheet(2).Draw(images).Width, sheet.Width);
        Assert.True(Ink(sheet, 4, 0, 40, 20) > 20);
        Assert.Equal(0, Ink(sheet, 44, 0, 44, 20));
    }

    [Fact]
    public void The_font_comes_with_the_library()
    {
        using var typeface = LatentDiffusion.Imaging.SheetTypeface.Load();

        Assert.Equal("DejaVu Sans", typeface.FamilyName);
        Assert.True(typeface.ContainsGlyphs("Aa0 \u00e9\u03b7\u0416\u2026\u00d7\u2192"));
    }

    private static int Ink(RgbImage image, int x, int y, int width, int height) =>
        image.Crop(x, y, width, height).Pixels.Count(value => value < 160) / 3;
}
