using System.IO.Compression;
using LatentDiffusion.Data.Checking;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Data.Checking;

public sealed class DataCheckTests : IDisposable
{
    private static readonly LabelSet Labels = new(["background", "cat", "dog"]);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Class_folders_with_captions_are_told()
    {
        Picture("cat/1.png", 8, 8);
        Picture("cat/2.png", 16, 8);
        Picture("dog/1.png", 8, 8);
        foreach (var name in new[] { "cat/1", "cat/2", "dog/1" })
        {
            _folder.Write(name + ".txt", "a pet");
        }

        var report = Check(_folder.Path);

        Assert.Empty(report.Problems);
        Assert.Contains(new DataFinding("images", ".", 3, "8x8 to 16x8"), report.Found);
        Assert.Contains(new DataFinding("classes", ".", 2, "of 1 to 2 images, named by sub-folders"), report.Found);
        Assert.Contains(report.Found, f => f is { Kind: "captions", Count: 3 });
    }

    [Fact]
    public void Broken_images_missing_captions_and_classes_are_all_listed()
    {
        Picture("cat/1.png", 8, 8);
        _folder.Write("cat/1.txt", "a cat");
        Picture("dog/2.png", 8, 8);
        Picture("3.png", 8, 8);
        _folder.Write("cat/4.png", "no image");
        _folder.Write("dog/5.jpg", TestImages.Pattern(8, 8).Pixels);
        _folder.Write("dog/metadata.jsonl", "{\"file_name\":\"gone.png\",\"text\":\"x\"}\n");

        var problems = Check(_folder.Path).Problems;

        Says(problems, "cat/4.png", "not a PNG");
        Says(problems, "dog/5.jpg", "not a PNG");
        Says(problems, "dog/2.png", "no caption");
        Says(problems, "3.png", "no class");
        Says(problems, "dog/gone.png", "not there");
    }

    [Fact]
    public void Label_maps_are_compared_with_their_images()
    {
        Picture("images/1.png", 4, 4);
        Picture("images/2.png", 4, 4);
        Picture("images/3.png", 4, 4);
        Picture("images/4.png", 4, 4);
        Map("maps/1.png", 4, 4, 2);
        Map("maps/2.png", 4, 3, 1);
        Map("maps/5.png", 4, 4, 1);
        _folder.Write(
            "maps/3.png",
            TestImages.Png(
                4,
                4,
                8,
                0,
                [
                    [9, 0, 0, 0],
                    new byte[4],
                    new byte[4],
                    new byte[4],
                ]
            )
        );
        _folder.Write("labels.txt", "background\ncat\ndog\n");

        var report = Check(_folder.Path);

        Assert.Contains(report.Found, f => f is { Kind: "label maps", Path: "maps", Count: 4 });
        Assert.Contains(report.Found, f => f is { Kind: "images", Count: 4 });
        Assert.DoesNotContain(report.Found, f => f.Kind == "classes");
        Says(report.Problems, "maps/2.png", "4x3");
        Says(report.Problems, "maps/3.png", "value 9");
        Says(report.Problems, "images/4.png", "no label map");
        Says(report.Problems, "maps/5.png", "no image");
        Assert.Equal(4, report.Problems.Count);
    }

    [Fact]
    public void Layouts_of_every_form_are_checked()
    {
        Picture("images/1.png", 10, 10);
        _folder.Write("labels.txt", "background\ncat\ndog\n");
        _folder.Write("layouts/1.json", """{"width":10,"height":9,"objects":[{"label":"cat","box":[0,0,5,5]}]}""");
        _folder.Write("layouts/2.json", """{"width":10,"height":10,"objects":[{"label":"cow","box":[0,0,5,5]}]}""");
        _folder.Write(
            "coco.json",
            """
            {"images":[{"id":1,"file_name":"1.png","width":10,"height":10},{"id":2,"file_name":"7.png","width":8,"height":8}],
             "categories":[{"id":1,"name":"dgo"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[6,0,5,5]}]}
            """
        );
        _folder.Write(
            "voc/1.xml",
            "<annotation><filename>1.png</filename><size><width>10</width><height>10</height></size><object><name>cat</name>"
                + "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>5</ymax></bndbox></object></annotation>"
        );

        _folder.Write("other.xml", "<project/>");
        _folder.Write("other.json", """{"name":"x"}""");
        _folder.Write("voc/2.xml", "<annotation>");

        var report = Check(_folder.Path);

        Assert.DoesNotContain(report.Problems, p => p.File.StartsWith("other", StringComparison.Ordinal));
        Says(report.Problems, "voc/2.xml", "not valid XML");
        Says(report.Problems, "layouts/1.json", "10x9");
        Says(report.Problems, "layouts/2.json", "unknown label 'cow'");
        Says(report.Problems, "coco.json", "reaches outside of the 10x10 image");
        Says(report.Problems, "coco.json", "Did you mean 'dog'?");
        Says(report.Problems, "coco.json", "7.png, which is not there");
        Says(report.Problems, "voc/1.xml", "reaches outside");
        Assert.Contains(report.Found, f => f is { Kind: "COCO layouts", Count: 2, Detail: "1 objects" });
    }

    [Fact]
    public void Masks_and_pairs_of_resolutions_are_compared()
    {
        Picture("1.png", 8, 8);
        Picture("1_mask.png", 8, 4);
        Picture("2_mask.png", 8, 8);
        Picture("a_HR.png", 16, 8);
        Picture("a_LR.png", 4, 2);
        Picture("b_HR.png", 16, 8);
        Picture("b_LR.png", 4, 3);
        Picture("c_HR.png", 16, 8);

        var report = Check(_folder.Path);

        Says(report.Problems, "1_mask.png", "8x4");
        Says(report.Problems, "2_mask.png", "without an image");
        Says(report.Problems, "b_LR.png", "no whole number");
        Says(report.Problems, "c_HR.png", "no partner");
        Assert.Equal(4, report.Problems.Count);
        Assert.Contains(report.Found, f => f is { Kind: "pairs of two resolutions", Count: 1, Detail: "x4" });
    }

    [Fact]
    public void Folders_with_nothing_known_in_them_are_refused()
    {
        _folder.Write("a.md", "text");

        Assert.Throws<UserInputException>(() => Check(_folder.Path));
        Assert.Throws<UserInputException>(() => Check(_folder["none"]));
        _folder.Write("a.parquet", "no table");
        Says(Check(_folder.Path).Problems, "a.parquet", "parquet");
        Assert.False(Check(_folder["a.parquet"]).IsRight);
    }

    [Theory]
    [InlineData("camvid_256x192.zip", "label maps", 367)]
    [InlineData("bccd.zip", "VOC layouts", 364)]
    [InlineData("sr_set5_set14_x4.zip", "pairs of two resolutions", 19)]
    [Trait("Speed", "Slow")]
    public void Well_known_data_sets_are_recognised(string archive, string kind, int count)
    {
        ZipFile.ExtractToDirectory(SharedData.PathOf(archive), _folder.Path);

        var report = Check(_folder.Path);

        Assert.Equal(count, report.Found.Where(f => f.Kind == kind).Max(f => f.Count));
        Assert.Empty(report.Problems);
    }

    private static DataReport Check(string path) =>
        DataCheck.Run(path, cancellation: TestContext.Current.CancellationToken);

    private void Picture(string name, int width, int height) =>
        _folder.Write(name, PngEncoder.Encode(TestImages.Pattern(width, height)));

    private void Map(string name, int width, int height, byte id) =>
        _folder.Write(name, Labels.WriteMap(new LabelMap(width, height, [.. Enumerable.Repeat(id, width * height)])));

    private static void Says(IReadOnlyList<DataProblem> problems, string file, string text) =>
        Assert.Contains(problems, p => p.File == file && p.Problem.Contains(text, StringComparison.Ordinal));
}
