using System.IO.Compression;
using CsCheck;
using LatentDiffusion.Data;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Data.SemanticMaps;

public sealed class SemanticMapTests : IDisposable
{
    private static readonly LabelSet Labels = new(["sky", "road", "car"]);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Maps_are_read_as_palette_grey_colours_or_grey_colours()
    {
        var map = new LabelMap(2, 2, [0, 1, 2, 1]);
        var painted = PngEncoder.Encode(map.Paint(Labels.Colours));
        var grey = TestImages.Png(
            2,
            2,
            8,
            colourType: 0,
            [
                [0, 1],
                [2, 1],
            ]
        );
        var greyInColours = PngEncoder.Encode(new RgbImage(2, 2, [0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 1, 1]));

        foreach (var file in new[] { Labels.WriteMap(map), painted, grey, greyInColours })
        {
            Assert.Equal(map.Ids, Labels.ReadMap(file, "file").Ids);
        }
    }

    [Fact]
    public void A_value_or_colour_of_no_class_is_named_with_its_place()
    {
        Refused(
            TestImages.Png(
                2,
                1,
                8,
                colourType: 0,
                [
                    [0, 3],
                ]
            ),
            "value 3 at (1, 0)"
        );
        Refused(PngEncoder.Encode(RgbImage.Filled(2, 2, new Rgb(1, 2, 3))), "#010203 at (0, 0)");
        Refused([1, 2, 3], "not a PNG");

        static void Refused(byte[] file, string message) =>
            Assert.Contains(
                message,
                Assert.ThrowsAny<UserInputException>(() => Labels.ReadMap(file, "file")).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public void Shifted_labels_turn_255_into_class_0()
    {
        var labels = new LabelSet(["nothing", "person"]) { ShiftByOne = true };

        Assert.Equal(
            [0, 1],
            labels
                .ReadMap(
                    TestImages.Png(
                        2,
                        1,
                        8,
                        colourType: 0,
                        [
                            [255, 0],
                        ]
                    ),
                    "file"
                )
                .Ids
        );
    }

    [Fact]
    public void Resizing_and_mirroring_mix_no_classes() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Gen.Int[1, 40], Gen.Int[1, 40])
            .Sample(
                (width, height, newWidth, newHeight) =>
                {
                    var map = new LabelMap(
                        width,
                        height,
                        [.. Enumerable.Range(0, width * height).Select(i => (byte)i)]
                    );

                    var resized = map.Resize(newWidth, newHeight);

                    Assert.Subset(map.Ids.ToHashSet(), resized.Ids.ToHashSet());
                    Assert.Equal(map.Ids, map.Resize(width, height).Ids);
                    Assert.Equal(map.Ids, map.Resize(3 * width, 3 * height).Resize(width, height).Ids);
                    Assert.Equal(map[0, 0], map.Mirrored()[width - 1, 0]);
                    Assert.Equal(map.Ids, map.Mirrored().Mirrored().Ids);
                },
                iter: 100
            );

    [Fact]
    public void One_hot_has_one_1_a_pixel()
    {
        var map = new LabelMap(3, 1, [2, 0, 2]);

        Assert.Equal([0f, 1, 0, 0, 0, 0, 1, 0, 1], map.OneHot(3));
        Assert.Throws<ArgumentException>(() => map.OneHot(2));
    }

    [Fact]
    public void A_map_goes_where_its_image_goes() =>
        Gen.Select(Gen.Int[4, 30], Gen.Int[4, 30], Gen.Long, Gen.Enum<ResizeMode>())
            .Sample(
                (width, height, seed, mode) =>
                {
                    // Large blocks of two colours, so that resampling leaves most pixels near one of them.
                    var map = new LabelMap(
                        width,
                        height,
                        [.. Enumerable.Range(0, width * height).Select(i => (byte)(i % width / ((width + 1) / 2)))]
                    );
                    var image = map.Paint([Rgb.Black, Rgb.White]);
                    var transform = new ImageTransform(8)
                    {
                        Resize = mode,
                        Crop = CropPlace.Random,
                        FlipProbability = 0.5,
                        Rotate = true,
                    };

                    var square = RgbImage.FromPlanar(transform.Apply(image, seed), 8, 8);
                    var squareMap = transform.ApplyTo(map, seed);

                    for (var i = 0; i < 64; i++)
                    {
                        var value = square[i % 8, i / 8].R;
                        Assert.True(value is > 40 and < 215 || value > 128 == (squareMap.Ids[i] == 1));
                    }
                },
                iter: 100
            );

    [Fact]
    public void The_crop_of_a_transform_is_the_part_that_it_shows()
    {
        var transform = new ImageTransform(10);

        var crop = transform.CropOf(40, 20, seed: 0);

        Assert.Equal((0.25, 0.0, 0.5, 1.0), (crop.X, crop.Y, crop.Width, crop.Height));
    }

    [Fact]
    public void Folders_are_paired_by_name_and_what_is_wrong_is_named()
    {
        Write("images/a/1.png", PngEncoder.Encode(RgbImage.Filled(2, 1, Rgb.White)));
        Write("images/2.png", PngEncoder.Encode(RgbImage.Filled(2, 1, Rgb.White)));
        Write("maps/2.png", Labels.WriteMap(new LabelMap(2, 1, [1, 2])));
        File.WriteAllLines(_folder["labels.txt"], Labels.Names);
        Assert.Contains("a/1.png", Refusal(() => Open()), StringComparison.Ordinal);
        Write("maps/a/1.png", Labels.WriteMap(new LabelMap(1, 1, [0])));

        var source = Open();

        Assert.Equal(2, source.Count);
        Assert.Equal(Labels.Names, source.Labels.Names);
        Assert.Equal([1, 2], source.Read(0).Map.Ids);
        Assert.Contains("1x1", Refusal(() => source.Read(1)), StringComparison.Ordinal);
        File.Delete(_folder["labels.txt"]);
        Assert.Contains("labels.txt", Refusal(() => Open()), StringComparison.Ordinal);
        Assert.Equal(2, SemanticMapSource.Open(_folder["images"], _folder["maps"], Labels).Count);

        SemanticMapSource Open() => SemanticMapSource.Open(_folder["images"], _folder["maps"]);
    }

    [Fact]
    public void Labels_have_distinct_colours_and_ids_by_name()
    {
        Assert.Equal(256, LabelSet.Numbered(256).Colours.Distinct().Count());
        Assert.Equal(2, Labels.IdOf("car"));
        Assert.Contains("'car'", Refusal(() => Labels.IdOf("cat")), StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => new LabelSet(["a", "a"]));
        Assert.Throws<UserInputException>(() => new LabelSet([]));
    }

    [Fact]
    public void Street_scenes_have_twelve_classes()
    {
        ZipFile.ExtractToDirectory(SharedData.PathOf("camvid_256x192.zip"), _folder.Path);

        var source = SemanticMapSource.Open(_folder["val"], _folder["valannot"], LabelSet.Numbered(12));

        Assert.Equal(101, source.Count);
        var ids = Enumerable.Range(0, 20).SelectMany(i => source.Read(i).Map.Ids.Distinct()).Distinct();
        Assert.Equal(12, ids.Count());
    }

    private static string Refusal(Action action) => Assert.ThrowsAny<UserInputException>(action).Message;

    private void Write(string name, byte[] data) => _folder.Write(name, data);
}
