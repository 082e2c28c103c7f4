using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class DatasetSummaryTests
{
    [Fact]
    public void Kinds_and_sizes_are_counted()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a/1.png", PngEncoder.Encode(TestImages.Pattern(20, 10)));
        folder.Write("a/1.txt", "a caption");
        folder.Write(
            "a/2.png",
            TestImages.Png(
                2,
                1,
                16,
                0,
                [
                    [1, 2, 3, 4],
                ]
            )
        );
        folder.Write(
            "b/3.webp",
            TestImages.Encode(SKEncodedImageFormat.Webp, 3, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 0])
        );
        folder.Write("b/4.jpg", TestImages.Golden("cmyk.jpg"));
        folder.Write("5.png", PngEncoder.Encode(TestImages.Pattern(9, 9)));

        var summary = DatasetSummary.Of(ImageFolderSource.Open(folder.Path));

        Assert.Equal(new DatasetSummary(5, 5, 2, 1, 1, (2, 1), (20, 10), 1, 1, 1, 1), summary);
        Assert.Equal(
            "5 images in 2 classes, 1 of no class, 2x1 to 20x10, 1 with a caption, 1 with transparency, 1 grey, "
                + "1 of 16 bits, 1 CMYK",
            summary.ToString()
        );
    }

    [Fact]
    public void Of_a_large_set_only_a_part_is_examined()
    {
        var source = new MemorySource(100);

        var summary = DatasetSummary.Of(source, mostExamined: 10);

        Assert.Equal((100, 10, 10), (summary.Count, summary.Examined, source.Reads));
        Assert.Equal("100 images in 3 classes, 4x4, 10 with a caption (of 10 examined)", summary.ToString());
    }
}
