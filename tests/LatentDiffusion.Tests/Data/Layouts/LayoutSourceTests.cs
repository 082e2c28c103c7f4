using LatentDiffusion.Data;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data.Layouts;

public sealed class LayoutSourceTests : IDisposable
{
    private static readonly Layout[] Layouts =
    [
        new("a.png", 20, 10, [new LayoutObject("cat", new RelativeBox(0.1, 0.2, 0.3, 0.4))]),
        new("b.png", 20, 10, []),
    ];

    private readonly Support.TemporaryFolder _folder = new();

    public LayoutSourceTests()
    {
        Directory.CreateDirectory(_folder["images"]);
        foreach (var layout in Layouts)
        {
            File.WriteAllBytes(
                _folder["images/" + layout.Image],
                PngEncoder.Encode(RgbImage.Filled(20, 10, Rgb.White))
            );
        }
    }

    private ImageFolderSource Images => ImageFolderSource.Open(_folder["images"]);

    [Theory]
    [InlineData("coco")]
    [InlineData("files")]
    [InlineData("voc")]
    [InlineData("tables")]
    public void Every_form_of_annotations_gives_images_their_layouts(string form)
    {
        var source = LayoutSource.Open(Write(form), Images);

        Assert.Equal(["cat"], source.Labels);
        var item = Assert.Single(source[0].Objects);
        Assert.Equal("cat", item.Label);
        Assert.Equal(0.1, item.Box.X, 0.001);
        Assert.Equal(0.4, item.Box.Height, 0.001);
        Assert.Equal((20, 10), source.SizeOf(0));
    }

    [Fact]
    public void An_image_without_a_layout_is_named()
    {
        var path = Write("files");
        File.Delete(Path.Combine(path, "b.json"));

        var error = Assert.Throws<UserInputException>(() => LayoutSource.Open(path, Images));

        Assert.StartsWith("Image \"b.png\" has no layout in", error.Message, StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => LayoutSource.Open(_folder["nowhere"], Images));
        Assert.Throws<UserInputException>(() => LayoutSource.Open(_folder["images/a.png"], Images));
    }

    [Fact]
    public void What_is_shown_of_a_layout_is_cut_off_and_mirrored()
    {
        var shown = new ShownLayout([
            new LayoutObject("cat", new RelativeBox(0, 0, 0.5, 1)),
            new LayoutObject("dog", new RelativeBox(0, 0, 0.2, 1)),
        ])
        {
            Crop = new RelativeBox(0.25, 0, 0.5, 1),
            IsMirrored = true,
        };

        var item = Assert.Single(shown.Visible());

        Assert.Equal(new LayoutObject("cat", new RelativeBox(0.5, 0, 0.5, 1)), item);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string form)
    {
        Directory.CreateDirectory(_folder[form]);
        switch (form)
        {
            case "coco":
                var writer = new CocoWriter(["cat"]);
                foreach (var layout in Layouts)
                {
                    writer.Add(layout.Image!, layout);
                }

                File.WriteAllText(_folder["coco/all.json"], writer.ToJson());
                return _folder["coco/all.json"];
            case "tables":
                File.WriteAllText(
                    _folder["tables/boxes.csv"],
                    "ImageID,LabelName,XMin,XMax,YMin,YMax\na,cat,0.1,0.4,0.2,0.6\nb,cat,0.1,0.4,0.2,0.6\n"
                );
                return _folder["tables/boxes.csv"];
            case "voc":
                foreach (var layout in Layouts)
                {
                    File.WriteAllText(_folder[$"voc/{Path.ChangeExtension(layout.Image, ".xml")}"], Voc(layout));
                }

                return _folder["voc"];
            default:
                foreach (var layout in Layouts)
                {
                    File.WriteAllText(
                        _folder[$"files/{Path.ChangeExtension(layout.Image, ".json")}"],
                        LayoutFile.Write(layout)
                    );
                }

                return _folder["files"];
        }
    }

    private static string Voc(Layout layout) =>
        $"<annotation><filename>{layout.Image}</filename><size><width>20</width><height>10</height></size>"
        + (
            layout.Objects.Count == 0
                ? ""
                : "<object><name>cat</name><bndbox><xmin>3</xmin><xmax>8</xmax><ymin>3</ymin><ymax>6</ymax></bndbox></object>"
        )
        + "</annotation>";
}
