using LatentDiffusion.Data;
using LatentDiffusion.Data.Composition;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Data.Composition;

public sealed class SceneComposerTests : IDisposable
{
    private static readonly Cutout[] Cutouts =
    [
        new("zebra", "a zebra", Disc(40, new Rgb(255, 0, 0))),
        new("bird", "a bird", Disc(30, new Rgb(0, 255, 0))),
    ];

    private static readonly RgbImage[] Photos = [RgbImage.Filled(90, 70, new Rgb(0, 0, 255))];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Boxes_and_maps_are_exactly_what_is_seen()
    {
        var composer = new SceneComposer(Cutouts, Photos, new SceneSettings { MaxObjects = 6 });
        Assert.Equal(["bird", "zebra"], composer.Classes);

        for (var number = 0; number < 40; number++)
        {
            var scene = composer.Compose(seed: 3, number);
            var objects = scene.Layout.Objects;
            Assert.InRange(objects.Count, 1, 6);
            for (var i = 0; i < 64 * 64; i++)
            {
                var (x, y) = (i % 64, i / 64);
                var colour = scene.Image[x, y];
                var expected =
                    colour.R > 128 ? 2
                    : colour.G > 128 ? 1
                    : 0;

                // Soft edges lie between two colours.
                Assert.True(scene.Map[x, y] == expected || Math.Max(colour.B, Math.Max(colour.R, colour.G)) < 200);
                Assert.Equal(scene.Map[x, y] > 0, objects.Any(o => Contains(o.Box, x, y)) && scene.Map[x, y] > 0);
            }

            Assert.All(objects, o => Assert.True(TouchesAllSides(o, scene, composer.Classes)));
        }
    }

    [Fact]
    public void Settings_bound_how_many_objects_there_are_and_how_large()
    {
        var settings = new SceneSettings
        {
            MinObjects = 1,
            MaxObjects = 2,
            SmallestObject = 0.15,
            LargestObject = 0.2,
        };
        var composer = new SceneComposer(Cutouts, Photos, settings);
        var objects = Enumerable.Range(0, 40).Select(i => composer.Compose(1, i).Layout.Objects).ToArray();

        Assert.Equal([1, 2], objects.Select(o => o.Count).Distinct().Order());
        // Soft edges and what lies over an object take some of its box.
        Assert.All(
            objects.Where(o => o.Count == 1).SelectMany(o => o),
            o => Assert.InRange(Math.Max(o.Box.Width, o.Box.Height), 0.15 - 0.04, 0.2 + 0.02)
        );
    }

    [Theory]
    [InlineData(31, 2, 5, 0.25, 0.5, "31x31")]
    [InlineData(64, 4, 3, 0.25, 0.5, "4 to 3")]
    [InlineData(64, 2, 5, 0.6, 0.5, "0.6 to 0.5")]
    [InlineData(64, 2, 5, 0, 0.5, "0 to 0.5")]
    [InlineData(64, 2, 5, 0.5, 1.5, "0.5 to 1.5")]
    public void Settings_that_make_no_scene_are_refused(
        int size,
        int fewest,
        int most,
        double smallest,
        double largest,
        string named
    )
    {
        var settings = new SceneSettings
        {
            Size = size,
            MinObjects = fewest,
            MaxObjects = most,
            SmallestObject = smallest,
            LargestObject = largest,
        };

        var error = Assert.Throws<UserInputException>(() => new SceneComposer(Cutouts, Photos, settings));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Later_objects_leave_enough_of_earlier_ones()
    {
        var settings = new SceneSettings
        {
            MinObjects = 8,
            MaxObjects = 8,
            MinVisible = 0.7,
        };
        var composer = new SceneComposer(Cutouts, Photos, settings);
        var scenes = Enumerable.Range(0, 40).Select(i => composer.Compose(1, i)).ToArray();

        Assert.Contains(scenes, s => s.Layout.Objects.Any(o => o.Traits == ObjectTraits.Occluded));
        foreach (var scene in scenes)
        {
            foreach (var item in scene.Layout.Objects)
            {
                // A disc of which at least 0.7 is seen has a box of nearly its size.
                Assert.True(item.Box.Area > 0.25 * 0.25 * 0.5);
            }
        }
    }

    [Fact]
    public void A_canvas_refuses_what_would_hide_too_much_and_counts_what_is_seen()
    {
        var canvas = new SceneCanvas(RgbImage.Filled(20, 20, Rgb.Black));
        var square = new RgbaImage(10, 10, [.. Enumerable.Repeat((byte)255, 400)]);

        Assert.True(canvas.TryPlace(Cutouts[0], square, 0, 0, 0.5));
        Assert.False(canvas.TryPlace(Cutouts[1], square, 4, 0, 0.5));
        Assert.True(canvas.TryPlace(Cutouts[1], square, 5, 0, 0.5));

        Assert.Equal((100, 50), (canvas.Objects[0].Solid, canvas.Objects[0].Seen));
        Assert.Equal(new RelativeBox(0, 0, 0.25, 0.5), canvas.BoxOf(0));
        Assert.Equal(new RelativeBox(0.25, 0, 0.5, 0.5), canvas.BoxOf(1));
        Assert.Equal(Rgb.White, canvas.Image[14, 9]);
        Assert.Equal(Rgb.Black, canvas.Image[15, 9]);
    }

    [Fact]
    public void A_scene_depends_on_seed_and_number_alone_and_says_what_is_in_it()
    {
        var composer = new SceneComposer(Cutouts, Photos);

        var scene = composer.Compose(5, 7);

        Assert.Equal(scene.Image.Pixels, new SceneComposer(Cutouts, Photos).Compose(5, 7).Image.Pixels);
        Assert.NotEqual(scene.Image.Pixels, composer.Compose(5, 8).Image.Pixels);
        Assert.NotEqual(scene.Image.Pixels, composer.Compose(6, 7).Image.Pixels);
        Assert.Equal(
            scene.Layout.Objects.Count - 1,
            scene.Caption.Split(", ").Length - 2 + scene.Caption.Split(" and ").Length
        );
        Assert.Equal(Photos[0].Pixels, RgbImage.Filled(90, 70, new Rgb(0, 0, 255)).Pixels);
    }

    [Fact]
    public void A_data_set_is_written_that_every_reader_agrees_upon()
    {
        WriteMaterial();

        var result = Write(count: 6, seed: 1, "out");

        Assert.Equal(["bird", "spoon"], result.Classes);
        Assert.Equal([1, 1], result.Cutouts);
        var images = ImageFolderSource.Open(_folder["out/images"]);
        Assert.Equal(6, images.Count);
        Assert.NotNull(images.Describe(0).Caption);
        var maps = SemanticMapSource.Open(_folder["out/images"], _folder["out/maps"]);
        Assert.Equal(["background", "bird", "spoon"], maps.Labels.Names);
        var coco = CocoReader.Read(_folder["out/annotations.json"]);
        for (var i = 0; i < 6; i++)
        {
            var layout = LayoutFile.Read(_folder[$"out/layouts/00000{i}.json"], result.Classes);
            Assert.Equal(coco.Layouts[i].Objects.Select(o => o.Label), layout.Objects.Select(o => o.Label));
            Assert.All(
                coco.Layouts[i].Objects.Zip(layout.Objects),
                p => Assert.Equal(p.First.Box.X, p.Second.Box.X, 1e-6)
            );
            var map = maps.Read(i).Map;
            var seen = map.Ids.Where(id => id > 0).Select(id => maps.Labels.Names[id]).Distinct();
            Assert.Equal(layout.Objects.Select(o => o.Label).Distinct().Order(), seen.Order());
        }

        Assert.Equal(result.Objects, coco.Layouts.Sum(l => l.Objects.Count));
    }

    [Fact]
    public void The_same_seed_writes_the_same_files()
    {
        WriteMaterial();
        Write(count: 3, seed: 1, "a");
        Write(count: 3, seed: 1, "b");

        foreach (var file in Directory.GetFiles(_folder["a"], "*", SearchOption.AllDirectories))
        {
            var other = Path.Combine(_folder["b"], Path.GetRelativePath(_folder["a"], file));
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(other));
        }
    }

    [Fact]
    public void Missing_material_is_named_and_nothing_is_left_behind()
    {
        WriteMaterial();
        Directory.CreateDirectory(_folder["empty"]);

        Refused(["cutouts"], ["empty"], "no photograph");
        Refused(["empty"], ["photos"], "no usable cut-out");
        Refused(["photos"], ["photos"], "transparent ground");
        Refused(["none"], ["photos"], "\"" + _folder["none"] + "\"");

        void Refused(string[] cutouts, string[] photos, string message)
        {
            var error = Assert.Throws<UserInputException>(() =>
                new SceneFolder().Write(Paths(cutouts), Paths(photos), _folder["out"], 1, 0)
            );
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_folder["out"]));
        }
    }

    [Theory]
    [InlineData("animal-mammal", "a noto emoji of cat face", "mammal")]
    [InlineData("animal-mammal", "a noto emoji of paw prints", null)]
    [InlineData("transport-ground", "a fluent 3D emoji of a bus", "vehicle")]
    [InlineData("transport-ground", "a fluent 3D emoji of bus stop", null)]
    [InlineData("face-smiling", "grinning face", "face")]
    [InlineData("household", "a spoon", null)]
    [InlineData("animals/birds/owl.png", "An owl.", "bird")]
    [InlineData("bird/1.png", "x", "bird")]
    public void Pictures_are_sorted_into_classes(string place, string caption, string? expected) =>
        Assert.Equal(expected, SceneClass.Of(place, caption)?.Name);

    [Fact]
    public void The_emoji_that_ship_fill_every_class()
    {
        var cutouts = CutoutCollection.Read([Repository.PathOf("data/emoji/emoji64.parquet")]);

        var counts = cutouts.CountBy(c => c.Class).ToDictionary();
        Assert.Equal(CutoutCollection.KnownClasses.Order(), counts.Keys.Order());
        Assert.All(counts.Values, count => Assert.True(count >= 20));
        Assert.Contains(cutouts, c => c.Caption == "a red apple");
        Assert.DoesNotContain(cutouts, c => c.Caption.Contains("emoji of", StringComparison.Ordinal));
    }

    [Fact]
    public void Resizing_lends_no_colour_of_transparent_pixels()
    {
        var image = new RgbaImage(
            4,
            4,
            [.. Enumerable.Range(0, 16).SelectMany(i => i % 4 < 2 ? new byte[] { 255, 0, 0, 255 } : [0, 255, 0, 0])]
        );

        var small = image.Resize(2, 2);
        var large = image.Resize(8, 8);

        Assert.Equal(0, small.Pixels[1]);
        Assert.True(Enumerable.Range(0, 64).All(i => large.Pixels[4 * i + 3] == 0 || large.Pixels[4 * i + 1] == 0));
        Assert.Equal((2, 4), (image.Trim()!.Width, image.Trim()!.Height));
        Assert.Null(new RgbaImage(1, 1, new byte[4]).Trim());
        Assert.Equal(0, image.Mirrored().Alpha(0, 0));
    }

    private SceneFolderResult Write(int count, long seed, string name) =>
        new SceneFolder().Write([_folder["cutouts"]], [_folder["photos"]], _folder[name], count, seed);

    private string[] Paths(string[] names) => [.. names.Select(n => _folder[n])];

    private void WriteMaterial()
    {
        WriteRgba("cutouts/animals/birds/owl.png", Disc(40, new Rgb(200, 100, 0)));
        File.WriteAllText(_folder["cutouts/animals/birds/owl.txt"], "An owl.\nde.utf8=Eule\n");
        WriteRgba("cutouts/spoon/1.png", Disc(20, new Rgb(50, 100, 0)));
        WriteRgba("cutouts/animals/unknown.png", Disc(20, new Rgb(50, 100, 0)));
        Directory.CreateDirectory(_folder["photos"]);
        File.WriteAllBytes(_folder["photos/a.png"], PngEncoder.Encode(TestImages.Pattern(200, 100)));
        File.WriteAllBytes(_folder["photos/small.png"], PngEncoder.Encode(TestImages.Pattern(20, 100)));
        File.WriteAllText(_folder["photos/no.png"], "no image");
    }

    private void WriteRgba(string name, RgbaImage image)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllBytes(
            _folder[name],
            TestImages.Encode(SKEncodedImageFormat.Png, image.Width, image.Height, image.Pixels)
        );
    }

    private static RgbaImage Disc(int size, Rgb colour)
    {
        var pixels = new byte[size * size * 4];
        for (var i = 0; i < size * size; i++)
        {
            var (x, y) = (i % size - (size - 1) / 2.0, i / size - (size - 1) / 2.0);
            if (x * x + y * y <= size * size / 4.0)
            {
                new[] { colour.R, colour.G, colour.B, (byte)255 }.CopyTo(pixels, 4 * i);
            }
        }

        return new RgbaImage(size, size, pixels);
    }

    private static bool Contains(RelativeBox box, int x, int y) =>
        x >= Math.Round(box.X * 64)
        && x < Math.Round((box.X + box.Width) * 64)
        && y >= Math.Round(box.Y * 64)
        && y < Math.Round((box.Y + box.Height) * 64);

    private static bool TouchesAllSides(LayoutObject item, Scene scene, IReadOnlyList<string> classes)
    {
        var id = 1 + classes.ToList().IndexOf(item.Label);
        var (left, top) = ((int)Math.Round(item.Box.X * 64), (int)Math.Round(item.Box.Y * 64));
        var right = (int)Math.Round((item.Box.X + item.Box.Width) * 64) - 1;
        var bottom = (int)Math.Round((item.Box.Y + item.Box.Height) * 64) - 1;
        var columns = Enumerable.Range(left, right - left + 1).ToArray();
        var rows = Enumerable.Range(top, bottom - top + 1).ToArray();
        return columns.Any(x => scene.Map[x, top] == id)
            && columns.Any(x => scene.Map[x, bottom] == id)
            && rows.Any(y => scene.Map[left, y] == id)
            && rows.Any(y => scene.Map[right, y] == id);
    }
}
