using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ImageFolderSourceTests : IDisposable
{
    private static readonly byte[] Png = PngEncoder.Encode(TestImages.Pattern(3, 2));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sub_folders_are_classes_in_ordinal_order()
    {
        Fill("dog/2.png", "dog/10.png", "cat/deep/er/x.PNG", "Zebra/z.png");

        var source = ImageFolderSource.Open(_folder.Path);

        Assert.Equal(["Zebra", "cat", "dog"], source.ClassNames);
        Assert.Equal(
            [
                new ImageRecord("Zebra/z.png", "Zebra", 0, null),
                new ImageRecord("cat/deep/er/x.PNG", "cat", 1, null),
                new ImageRecord("dog/10.png", "dog", 2, null),
                new ImageRecord("dog/2.png", "dog", 2, null),
            ],
            Records(source)
        );
        Assert.Equal(Png, source.Read(1));
    }

    [Fact]
    public void Without_sub_folders_there_are_no_classes()
    {
        Fill("b.png", "a.png");

        var source = ImageFolderSource.Open(_folder.Path);

        Assert.Empty(source.ClassNames);
        Assert.Equal(
            [new ImageRecord("a.png", null, null, null), new ImageRecord("b.png", null, null, null)],
            Records(source)
        );
    }

    [Fact]
    public void Hidden_and_other_files_are_passed_over()
    {
        Fill("a.png", ".hidden.png", ".cache/b.png", "notes.md", "c.tiff");

        Assert.Equal(["a.png"], Records(ImageFolderSource.Open(_folder.Path)).Select(record => record.Name));
    }

    [Fact]
    public void A_text_file_beside_an_image_gives_its_caption()
    {
        Fill("a/1.png", "a/2.png");
        _folder.Write("a/1.txt", "  a red ball \nfr=une balle\n");

        Assert.Equal(
            ["a red ball", null],
            Records(ImageFolderSource.Open(_folder.Path)).Select(record => record.Caption)
        );
    }

    [Fact]
    public void Metadata_gives_captions_and_classes()
    {
        Fill("set/1.png", "set/2.png", "3.png");
        _folder.Write("set/1.txt", "not this one");
        _folder.Write(
            "set/metadata.jsonl",
            """
            {"file_name": "1.png", "text": "one", "kind": 10}

            {"file_name": "2.png", "text": "two", "kind": 9, "nothing": null}
            """
        );
        _folder.Write("metadata.jsonl", """{"file_name": "3.png", "caption": "three", "kind": 10}""");

        var source = ImageFolderSource.Open(_folder.Path, new SourceColumns { Class = "kind" });

        Assert.Equal(["9", "10"], source.ClassNames);
        Assert.Equal(
            [
                new ImageRecord("3.png", "10", 1, "three"),
                new ImageRecord("set/1.png", "10", 1, "one"),
                new ImageRecord("set/2.png", "9", 0, "two"),
            ],
            Records(source)
        );
    }

    [Fact]
    public void A_filter_keeps_rows_but_not_fewer_classes()
    {
        Fill("x/1.png", "y/2.png");
        _folder.Write(
            "metadata.jsonl",
            """
            {"file_name": "x/1.png", "split": "train"}
            {"file_name": "y/2.png", "split": "test"}
            """
        );

        var source = ImageFolderSource.Open(_folder.Path, new SourceColumns { Filter = RowFilter.Parse("split=test") });

        Assert.Equal(["x", "y"], source.ClassNames);
        Assert.Equal([new ImageRecord("y/2.png", "y", 1, null)], Records(source));
    }

    [Fact]
    public void A_missing_folder_is_named() =>
        Refuses("\"nowhere\" does not exist", () => ImageFolderSource.Open("nowhere"));

    [Fact]
    public void A_folder_without_images_tells_what_was_looked_for()
    {
        _folder.Write("notes.md", "x");

        Refuses("looked for .png, .jpg, .jpeg, .webp, .gif, .bmp", () => ImageFolderSource.Open(_folder.Path));
    }

    [Fact]
    public void A_text_file_named_png_is_found_on_opening()
    {
        Fill("a/ok.png");
        var path = _folder.Write("a/fake.png", "just text");

        Refuses($"\"{path}\" is not a PNG", () => ImageFolderSource.Open(_folder.Path));
    }

    [Theory]
    [InlineData("""{"file_name": "a.png" """, "line 1 is not valid JSON")]
    [InlineData("""["a.png"]""", "line 1 is not a JSON object")]
    [InlineData("""{"text": "x"}""", "line 1 has no \"file_name\"")]
    [InlineData("""{"file_name": "b.png"}""", "names image \"b.png\", which is not in")]
    [InlineData("{\"file_name\": \"a.png\"}\n{\"file_name\": \"a.png\"}", "line 2 names \"a.png\" a second time")]
    public void Wrong_metadata_is_refused_with_its_place(string metadata, string message)
    {
        Fill("a.png");
        _folder.Write("metadata.jsonl", metadata);

        Refuses(message, () => ImageFolderSource.Open(_folder.Path));
    }

    [Fact]
    public void An_unknown_column_is_refused_with_those_there_are()
    {
        Fill("a.png");
        var columns = new SourceColumns { Class = "kind" };

        Refuses("no column \"kind\": there is no metadata.jsonl", () => ImageFolderSource.Open(_folder.Path, columns));
        _folder.Write("metadata.jsonl", """{"file_name": "a.png", "text": "x", "sort": 1}""");
        Refuses(
            "no column \"kind\": metadata.jsonl has sort, text",
            () => ImageFolderSource.Open(_folder.Path, columns)
        );
    }

    [Fact]
    public void A_filter_that_keeps_nothing_is_refused()
    {
        Fill("a.png");
        _folder.Write("metadata.jsonl", """{"file_name": "a.png", "split": "train"}""");
        var columns = new SourceColumns { Filter = RowFilter.Parse("split=test") };

        Refuses("None of the 1 images", () => ImageFolderSource.Open(_folder.Path, columns));
    }

    [Theory]
    [InlineData("split")]
    [InlineData("=train")]
    [InlineData(" =train")]
    [InlineData("split=train & style")]
    public void A_filter_needs_a_column_and_a_value(string text) =>
        Refuses("is not of the form column=value", () => RowFilter.Parse(text));

    [Fact]
    public void An_image_that_has_gone_is_named()
    {
        Fill("a.png", "b.png");
        var source = ImageFolderSource.Open(_folder.Path);
        File.Delete(Path.Combine(_folder.Path, "b.png"));

        Refuses("b.png\" cannot be read", () => source.Read(1));
    }

    private void Fill(params string[] names)
    {
        foreach (var name in names)
        {
            _folder.Write(name, Png);
        }
    }

    private static IEnumerable<ImageRecord> Records(ImageFolderSource source) =>
        Enumerable.Range(0, source.Count).Select(source.Describe);

    private static void Refuses(string message, Func<object> action)
    {
        var error = Assert.ThrowsAny<UserInputException>(action);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
