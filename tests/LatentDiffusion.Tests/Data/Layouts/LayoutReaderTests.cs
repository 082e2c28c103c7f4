using System.IO.Compression;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Data.Layouts;

public sealed class LayoutReaderTests : IDisposable
{
    private static readonly string[] Labels = ["cat", "dog"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_layout_file_is_read_and_written()
    {
        var path = Write(
            "l.json",
            """{"width":200,"height":100,"objects":[{"label":"cat","box":[20,10,100,80],"occluded":true}]}"""
        );

        var layout = LayoutFile.Read(path, Labels);

        Assert.Equal((200, 100), (layout.Width, layout.Height));
        var item = Assert.Single(layout.Objects);
        Assert.Equal(("cat", ObjectTraits.Occluded), (item.Label, item.Traits));
        Assert.Equal(new RelativeBox(0.1, 0.1, 0.5, 0.8), item.Box);
        Assert.Equal(File.ReadAllText(path), LayoutFile.Write(layout));
    }

    [Theory]
    [InlineData("""{"label":"cat","box":[150,10,100,80]}""", "outside of the 200x100 image")]
    [InlineData("""{"label":"cat","box":[-1,10,100,80]}""", "outside of the 200x100 image")]
    [InlineData("""{"label":"cat","box":[10,10,0,80]}""", "no area")]
    [InlineData("""{"label":"cat","box":[10,10,80]}""", "four numbers")]
    [InlineData("""{"label":"dogg","box":[0,0,1,1]}""", "Did you mean 'dog'?")]
    [InlineData("""{"box":[0,0,1,1]}""", "\"label\"")]
    public void Mistakes_in_an_object_are_named_with_its_number(string mistake, string message)
    {
        var path = Write(
            "l.json",
            $$"""{"width":200,"height":100,"objects":[{"label":"cat","box":[0,0,200,100]},{{mistake}}]}"""
        );

        var error = Assert.Throws<UserInputException>(() => LayoutFile.Read(path, Labels)).Message;

        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Contains("object 2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_30_objects_no_size_and_no_json_are_refused()
    {
        var many = string.Join(',', Enumerable.Repeat("""{"label":"cat","box":[0,0,1,1]}""", 31));

        Refused($$"""{"width":2,"height":2,"objects":[{{many}}]}""", "31 objects");
        Refused("""{"width":0,"height":2,"objects":[]}""", "0x2");
        Refused("""{"width":2,"objects":[]}""", "\"height\"");
        Refused("{\n\"width\":", "line 2");
        Assert.Contains(
            "does not exist",
            Assert.Throws<UserInputException>(() => LayoutFile.Read(_folder["none.json"])).Message,
            StringComparison.Ordinal
        );

        void Refused(string text, string message) =>
            Assert.Contains(
                message,
                Assert.Throws<UserInputException>(() => LayoutFile.Read(Write("m.json", text))).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Coco_files_are_read()
    {
        var path = Write(
            "coco.json",
            """
            {"images":[{"id":7,"file_name":"a.jpg","width":100,"height":50},{"id":9,"file_name":"b.jpg","width":8,"height":8}],
             "categories":[{"id":18,"name":"dog"},{"id":17,"name":"cat"}],
             "annotations":[{"image_id":7,"category_id":18,"bbox":[10,5,50,25],"iscrowd":1},
                            {"image_id":7,"category_id":17,"bbox":[0,0,1,1],"iscrowd":0}]}
            """
        );

        var dataset = CocoReader.Read(path);

        Assert.Equal(Labels, dataset.Labels);
        Assert.Equal(["a.jpg", "b.jpg"], dataset.Layouts.Select(l => l.Image));
        Assert.Equal(
            new LayoutObject("dog", new RelativeBox(0.1, 0.1, 0.5, 0.5), ObjectTraits.Group),
            dataset.Layouts[0].Objects[0]
        );
        Assert.Empty(dataset.Layouts[1].Objects);
        Assert.Single(dataset.Filter(minArea: 1e-3, minObjects: 1, maxObjects: 30).Layouts);
        Assert.Single(dataset.Filter(1e-3, 1, 30).Layouts[0].Objects);
    }

    [Theory]
    [InlineData("\"image_id\":8,\"category_id\":17,\"bbox\":[0,0,1,1]", "image")]
    [InlineData("\"image_id\":7,\"category_id\":1,\"bbox\":[0,0,1,1]", "category")]
    [InlineData("\"image_id\":7,\"category_id\":17,\"bbox\":[0,0,1]", "bbox")]
    public void Annotations_of_nothing_are_refused(string annotation, string message)
    {
        var path = Write(
            "coco.json",
            $$"""
            {"images":[{"id":7,"file_name":"a.jpg","width":100,"height":50}],"categories":[{"id":17,"name":"cat"}],
             "annotations":[{{{annotation}}}]}
            """
        );

        Assert.Contains(
            message,
            Assert.Throws<UserInputException>(() => CocoReader.Read(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void OpenImages_tables_are_read()
    {
        var boxes = Write(
            "boxes.csv",
            """
            ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside
            0a,xclick,/m/2,1,0.25,0.75,0.5,1,1,0,1,0,-1
            0b,xclick,/m/1,1,0,1,0,1,0,0,0,1,0
            0a,xclick,/m/1,1,0,0.5,0,0.5,0,0,0,0,1
            """
        );
        var names = Write("classes.csv", "/m/1,Cat\n/m/2,\"Dog, big\"\n/m/3,Cow\n");

        var dataset = OpenImagesReader.Read(boxes, names);

        Assert.Equal(["Cat", "Dog, big"], dataset.Labels);
        Assert.Equal(["0a.jpg", "0b.jpg"], dataset.Layouts.Select(l => l.Image));
        Assert.Equal(
            new LayoutObject(
                "Dog, big",
                new RelativeBox(0.25, 0.5, 0.5, 0.5),
                ObjectTraits.Group | ObjectTraits.Occluded
            ),
            dataset.Layouts[0].Objects[0]
        );
        Assert.Equal(ObjectTraits.Inside, dataset.Layouts[0].Objects[1].Traits);
        Assert.Equal(["/m/1", "/m/2"], OpenImagesReader.Read(boxes).Labels);
        Assert.Throws<UserInputException>(() => OpenImagesReader.Read(names));
        Assert.Throws<UserInputException>(() => OpenImagesReader.Read(_folder["none.csv"]));
    }

    [Fact]
    public void Voc_corners_count_from_1_and_belong_to_the_box()
    {
        Write("x.xml", Voc("<xmin>1</xmin><ymin>11</ymin><xmax>50</xmax><ymax>100</ymax>"));

        var dataset = VocReader.Read(_folder.Path);

        Assert.Equal(["cell"], dataset.Labels);
        Assert.Equal(new RelativeBox(0, 0.1, 0.5, 0.9), dataset.Layouts[0].Objects.Single().Box);
        Assert.Equal("x.jpg", dataset.Layouts[0].Image);
    }

    [Fact]
    public void Damaged_voc_files_are_named()
    {
        Assert.Throws<UserInputException>(() => VocReader.Read(_folder.Path));
        Assert.Throws<UserInputException>(() => VocReader.Read(_folder["none"]));
        var damaged = Write("x.xml", "<annotation>\n<size>");
        Assert.Contains("line 2", Message(damaged), StringComparison.Ordinal);
        Write("x.xml", "<data/>");
        Assert.Contains("<data>", Message(damaged), StringComparison.Ordinal);
        Write("x.xml", Voc("<xmin>a</xmin><ymin>11</ymin><xmax>50</xmax><ymax>100</ymax>"));
        Assert.Contains("<xmin>", Message(damaged), StringComparison.Ordinal);

        static string Message(string path) => Assert.Throws<UserInputException>(() => VocReader.ReadFile(path)).Message;
    }

    [Fact]
    public void All_blood_cells_are_found()
    {
        ZipFile.ExtractToDirectory(SharedData.PathOf("bccd.zip"), _folder.Path);

        var dataset = VocReader.Read(Path.Combine(_folder.Path, "bccd", "BCCD", "Annotations"));

        Assert.Equal(["Platelets", "RBC", "WBC"], dataset.Labels);
        Assert.Equal(364, dataset.Layouts.Count);
        Assert.InRange(dataset.Layouts.Sum(l => l.Objects.Count), 4880, 4888);
        Assert.All(
            dataset.Layouts.SelectMany(l => l.Objects),
            o => Assert.True(o.Box.X >= 0 && o.Box.X + o.Box.Width <= 1 + 1e-9 && o.Box.Area > 0)
        );
    }

    private string Write(string name, string text) => _folder.Write(name, text);

    private static string Voc(string box) =>
        "<annotation><filename>x.jpg</filename><size><width>100</width><height>100</height></size>"
        + $"<object><name>cell</name><bndbox>{box}</bndbox></object></annotation>";
}
