using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using Parquet;
using Parquet.Schema;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ParquetImageSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_folder.Path, "set.parquet");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_are_read_in_order_over_all_row_groups()
    {
        await WriteAsync();

        var source = ParquetImageSource.Open(File, new SourceColumns { Class = "group" });

        Assert.Equal(["animals", "food"], source.ClassNames);
        Assert.Equal(
            [
                new ImageRecord("set.parquet row 0", "food", 1, "caption 0"),
                new ImageRecord("set.parquet row 1", "animals", 0, "caption 1"),
                new ImageRecord("set.parquet row 2", "food", 1, null),
                new ImageRecord("set.parquet row 3", "animals", 0, "caption 3"),
            ],
            Enumerable.Range(0, source.Count).Select(source.Describe)
        );
        Assert.Equal(new Rgb(2, 2, 2), ImageDecoder.Decode(source.Read(2), "row 2")[0, 0]);
    }

    [Fact]
    public async Task A_filter_keeps_rows_but_not_fewer_classes()
    {
        await WriteAsync();
        var columns = new SourceColumns
        {
            Class = "number",
            Caption = "group",
            Filter = RowFilter.Parse("split=test"),
        };

        var source = ParquetImageSource.Open(File, columns);

        Assert.Equal(["7", "8", "9", "10"], source.ClassNames);
        Assert.Equal(1, source.Count);
        Assert.Equal(new ImageRecord("set.parquet row 3", "10", 3, "animals"), source.Describe(0));
        Assert.Equal(new Rgb(3, 3, 3), ImageDecoder.Decode(source.Read(0), "row 3")[0, 0]);
    }

    [Fact]
    public async Task Further_captions_are_made_of_columns_and_left_out_where_one_is_empty()
    {
        await WriteAsync();

        var source = ParquetImageSource.Open(
            File,
            new SourceColumns
            {
                OtherCaptions = [.. new[] { "{group}", "{caption} of {group}" }.Select(CaptionTemplate.Parse)],
            }
        );

        Assert.Equal(["food", "caption 0 of food"], source.Describe(0).OtherCaptions);
        Assert.Equal(["food"], source.Describe(2).OtherCaptions);
        Assert.Contains(
            "no column \"grup\"",
            Assert
                .Throws<UserInputException>(() =>
                    ParquetImageSource.Open(
                        File,
                        new SourceColumns { OtherCaptions = [CaptionTemplate.Parse("a {grup}")] }
                    )
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Throws<UserInputException>(() => CaptionTemplate.Parse("a cat"));
    }

    [Fact]
    public async Task Every_part_of_a_filter_must_hold()
    {
        await WriteAsync();

        var source = ParquetImageSource.Open(
            File,
            new SourceColumns { Caption = "number", Filter = RowFilter.Parse("split=train & number=8") }
        );

        Assert.Equal("8", Assert.Single(Enumerable.Range(0, source.Count).Select(source.Describe)).Caption);
        Assert.Throws<UserInputException>(() =>
            ParquetImageSource.Open(File, new SourceColumns { Filter = RowFilter.Parse("split=test & number=8") })
        );
    }

    [Fact]
    public async Task Images_may_lie_in_a_structure()
    {
        var bytes = new DataField("bytes", typeof(byte[]));
        var path = new DataField<string>("path");
        var label = new DataField<int>("label");
        var schema = new ParquetSchema(new StructField("image", bytes, path), label);
        await using (var stream = System.IO.File.Create(File))
        await using (var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: Cancelled))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(schema.GetDataFields()[0], Pixels(0, 1));
            await group.WriteAsync(schema.GetDataFields()[1], (string[])["a.png", "b.png"]);
            await group.WriteAsync<int>(label, (int[])[1, 0], cancellationToken: Cancelled);
            group.CompleteValidate();
        }

        var source = ParquetImageSource.Open(File, new SourceColumns { Class = "label" });

        Assert.Equal(2, source.Count);
        Assert.Equal(new ImageRecord("set.parquet row 0", "1", 1, null), source.Describe(0));
        Assert.Equal(Rgb.Black, ImageDecoder.Decode(source.Read(0), "row 0")[0, 0]);
        Assert.Equal(new Rgb(1, 1, 1), ImageDecoder.Decode(source.Read(1), "row 1")[0, 0]);
    }

    [Fact]
    public async Task Missing_columns_are_refused_with_those_there_are()
    {
        await WriteAsync();

        Refuses("no column \"picture\": it has image, caption, group, number, split", new() { Image = "picture" });
        Refuses("no column \"kind\"", new() { Class = "kind" });
        Refuses("no column \"part\"", new() { Filter = RowFilter.Parse("part=train") });
    }

    [Fact]
    public async Task Columns_of_a_wrong_type_are_refused()
    {
        await WriteAsync();

        Refuses("holds text, not encoded image bytes", new() { Image = "caption" });
        Refuses("holds bytes, not text", new() { Caption = "image" });
    }

    [Fact]
    public async Task A_filter_that_keeps_nothing_is_refused()
    {
        await WriteAsync();

        Refuses("has no row with split=val among its 4", new() { Filter = RowFilter.Parse("split=val") });
    }

    [Fact]
    public void A_missing_file_is_named() => Refuses("does not exist", new());

    [Theory]
    [InlineData("")]
    [InlineData("hello, this is no parquet file, but it is long enough to hold a footer")]
    public void Another_file_is_refused(string content)
    {
        _folder.Write("set.parquet", content);

        Refuses("is not a parquet file or is damaged", new());
    }

    [Fact]
    public async Task A_file_cut_short_is_refused()
    {
        await WriteAsync();
        _folder.Write("set.parquet", (await System.IO.File.ReadAllBytesAsync(File, Cancelled))[..^40]);

        Refuses("is not a parquet file or is damaged", new());
    }

    // Each damaged copy either still reads or is refused in one line.
    [Fact]
    public async Task A_damaged_file_never_ends_in_another_exception()
    {
        await WriteAsync();
        var whole = await System.IO.File.ReadAllBytesAsync(File, Cancelled);
        var places = Enumerable.Range(0, 40).Select(i => whole.Length - 9 - i * 5);
        var refused = 0;
        foreach (var place in places)
        {
            var copy = (byte[])whole.Clone();
            copy[place] ^= 0x80;
            _folder.Write("set.parquet", copy);
            var error = Record.Exception(() => ParquetImageSource.Open(File, new SourceColumns { Class = "number" }));
            Assert.True(error is null or UserInputException, $"byte {place}: {error}");
            Assert.DoesNotContain('\n', error?.Message ?? "");
            refused += error is null ? 0 : 1;
        }

        Assert.InRange(refused, 5, 40);
    }

    // Two row groups; image i is filled with the level i.
    private async Task WriteAsync()
    {
        var image = new DataField("image", typeof(byte[]));
        var caption = new DataField<string>("caption");
        var kind = new DataField<string>("group");
        var number = new DataField<long?>("number");
        var split = new DataField<string>("split");
        var schema = new ParquetSchema(image, caption, kind, number, split);
        await using var stream = System.IO.File.Create(File);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, cancellationToken: Cancelled);
        for (var first = 0; first < 4; first += 2)
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(image, Pixels(first, first + 1));
            await group.WriteAsync(caption, (string[])[first == 0 ? "caption 0" : null!, $"caption {first + 1}"]);
            await group.WriteAsync(kind, (string[])["food", "animals"]);
            await group.WriteAsync<long>(number, (long?[])[first + 7, first + 8], cancellationToken: Cancelled);
            await group.WriteAsync(split, (string[])["train", first == 0 ? "train" : "test"]);
            group.CompleteValidate();
        }
    }

    private static byte[][] Pixels(params int[] levels)
    {
        var source = new MemorySource(4);
        return [.. levels.Select(source.Read)];
    }

    private void Refuses(string message, SourceColumns columns)
    {
        var error = Assert.ThrowsAny<UserInputException>(() => ParquetImageSource.Open(File, columns));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("set.parquet", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
