using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>superres, inpaint, layout and semantic.</summary>
public sealed class ConditionVerbTests(ConditionModels models) : IClassFixture<ConditionModels>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_image_of_any_size_becomes_four_times_as_large_or_as_large_as_asked_and_again()
    {
        var image = WriteImage("small.png", 9, 7);

        await DrawAsync("superres", "superres", "whole", "--image", image, "--grid");
        await DrawAsync("superres", "superres", "half", "--image", image, "--scale", "2");
        await DrawAsync("superres", "superres", "tiles", "--image", image, "--patch", "16");

        var (whole, half) = (Read("whole/small-0.png"), Read("half/small-0.png"));
        Assert.Equal((36, 28), (whole.Width, whole.Height));
        Assert.Equal((18, 14), (half.Width, half.Height));
        Assert.NotEqual(whole.Pixels, Read("tiles/small-0.png").Pixels);
        // The model never learned to draw without its condition: there is nothing to guide away from.
        Assert.Equal(1, RecordOf("whole/small-0.png").Guidance);
        var darker = WriteBytes("darker.png", PngEncoder.Encode(RgbImage.Filled(9, 7, Rgb.Black)));
        await DrawAsync("superres", "superres", "whole", "--image", darker);
        Assert.NotEqual(whole.Pixels, Read("whole/darker-0.png").Pixels);
        var grid = Read("whole/grid.png");
        Assert.True(grid.Width > 2 * 36 && grid.Height > 28, $"{grid.Width}x{grid.Height}");
        await AssertDrawnAgainAsync("half/small-0.png");
        await AssertDrawnAgainAsync("tiles/small-0.png");
    }

    [Theory]
    [InlineData("inpaint")]
    [InlineData("plain")]
    public async Task Only_the_white_part_of_the_mask_is_painted(string model)
    {
        var image = WriteImage("photo.png", 19, 13);
        var mask = WriteMask("mask.png", 19, 13);

        await DrawAsync("inpaint", model, "out", "--image", image, "--mask", mask, "--count", "2");

        var (original, holes) = (ImageDecoder.DecodeFile(image), InpaintingMask.Read(mask, 19, 13));
        var (first, second) = (Read("out/photo-0.png"), Read("out/photo-1.png"));
        foreach (var painted in (RgbImage[])[first, second])
        {
            Assert.Equal((19, 13), (painted.Width, painted.Height));
            for (var i = 0; i < 19 * 13; i++)
            {
                var (x, y) = (i % 19, i / 19);
                Assert.True(holes[x, y] || original[x, y] == painted[x, y], $"({x}, {y}) changed");
            }
        }

        Assert.NotEqual(first.Pixels, original.Pixels);
        Assert.NotEqual(first.Pixels, second.Pixels);
        await AssertDrawnAgainAsync("out/photo-1.png");
    }

    [Fact]
    public async Task Layouts_and_maps_are_drawn_and_matter()
    {
        var layout = WriteText("boxes.json", ConditionModels.Layout());
        var other = WriteText("others.json", ConditionModels.Layout(width: 100));
        await DrawAsync("layout", "layout", "layout", "--layout", layout, "--count", "2", "--size", "24x16", "--grid");
        await DrawAsync("layout", "layout", "layout", "--layout", other, "--count", "1", "--size", "24x16");

        Assert.Equal((24, 16), (Read("layout/boxes-1.png").Width, Read("layout/boxes-1.png").Height));
        Assert.NotEqual(Read("layout/boxes-0.png").Pixels, Read("layout/others-0.png").Pixels);
        await AssertDrawnAgainAsync("layout/boxes-1.png");

        var map = WriteMap("map.png", 24, 8);
        await DrawAsync("semantic", "semantic", "map", "--map", map, "--count", "1", "--grid");
        Assert.Equal((24, 8), (Read("map/map-0.png").Width, Read("map/map-0.png").Height));
        await AssertDrawnAgainAsync("map/map-0.png");
        var allSky = new LabelMap(24, 8, new byte[24 * 8]);
        var sky = WriteBytes("sky.png", new LabelSet(ConditionModels.Labels).WriteMap(allSky));
        await DrawAsync("semantic", "semantic", "map", "--map", sky, "--count", "1");
        Assert.NotEqual(Read("map/map-0.png").Pixels, Read("map/sky-0.png").Pixels);

        Assert.Equal(UsualGuidance.Class, RecordOf("layout/boxes-1.png").Guidance);
        Assert.Equal(UsualGuidance.Class, RecordOf("map/map-0.png").Guidance);
    }

    [Theory]
    [InlineData("superres superres", "--image is missing: name the image to enlarge.")]
    [InlineData("superres superres --image IMAGE --scale 5", "--scale 5: the model enlarges 4 times.")]
    [InlineData("superres plain --image IMAGE", "The model does not enlarge images")]
    [InlineData("superres superres --image IMAGE --prompt cat", "The model reads no text: leave the prompt out.")]
    [InlineData("inpaint inpaint --image IMAGE", "--mask is missing: name an image of the same size")]
    [InlineData("inpaint inpaint --image IMAGE --mask OTHER", "pixels, its image 16x16. Make them equal.")]
    [InlineData("inpaint superres --image IMAGE --mask IMAGE", "enlarges images: use 'ldm superres")]
    [InlineData("sample inpaint", "fills holes in images: use 'ldm inpaint")]
    [InlineData("sample layout", "draws layouts: use 'ldm layout")]
    [InlineData("layout plain --layout LAYOUT", "The model draws no layouts")]
    [InlineData("layout layout --layout UNKNOWN", "unknown label 'gras'. Did you mean 'grass'?")]
    [InlineData("layout layout --layout OUTSIDE", "reaches outside of the 100x100 image")]
    [InlineData("layout layout --layout nowhere.json", "nowhere.json")]
    [InlineData("semantic plain --map MAP", "The model draws no label maps")]
    [InlineData("semantic semantic --map ODD", "has 15x16 pixels; the model draws multiples of 2: crop it")]
    [InlineData("semantic semantic --map STRANGE", "has the value 7 at (0, 0); there are 2 labels, numbered from 0")]
    public async Task Wrong_input_is_one_line(string command, string expected)
    {
        var files = new Dictionary<string, string>
        {
            ["IMAGE"] = WriteImage("image.png", 16, 16),
            ["OTHER"] = WriteMask("other.png", 8, 8),
            ["LAYOUT"] = WriteText("layout.json", ConditionModels.Layout()),
            ["UNKNOWN"] = WriteText("unknown.json", ConditionModels.Layout("gras")),
            ["OUTSIDE"] = WriteText("outside.json", ConditionModels.Layout(width: 101)),
            ["MAP"] = WriteMap("map.png", 16, 16),
            ["ODD"] = WriteMap("odd.png", 15, 16),
            ["STRANGE"] = WriteBytes("strange.png", PngEncoder.Encode(RgbImage.Filled(16, 16, new Rgb(7, 7, 7)))),
        };
        var words = command.Split(' ');

        var outcome = await LdmProcess.RunAsync([
            words[0],
            models[words[1]],
            .. words.Skip(2).Select(word => files.GetValueOrDefault(word, word)),
            "--out",
            Path.Combine(_folder.Path, "out"),
        ]);

        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "out")));
    }

    [Fact]
    public async Task A_picture_is_not_drawn_again_from_files_that_changed()
    {
        var image = WriteImage("small.png", 6, 6);
        await DrawAsync("superres", "superres", "out", "--image", image);
        var picture = Path.Combine(_folder.Path, "out", "small-0.png");

        WriteImage("small.png", 6, 5);

        await RefusedAsync("which has changed since: name another", "sample", "--from", picture);
        await RefusedAsync("was not drawn by 'ldm semantic': name a file with --map", "semantic", "--from", picture);
        File.Delete(image);
        await RefusedAsync("which is not there: name it, as in", "superres", "--from", picture);
    }

    private static async Task RefusedAsync(string expected, params string[] command)
    {
        var outcome = await LdmProcess.RunAsync(command);
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }

    private async Task DrawAsync(string verb, string model, string folder, params string[] options)
    {
        var outcome = await LdmProcess.RunAsync([
            .. (string[])[verb, models[model], "--out", Path.Combine(_folder.Path, folder), "--steps", "2"],
            .. (string[])["--threads", "1"],
            .. options,
        ]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
    }

    private async Task AssertDrawnAgainAsync(string name)
    {
        var picture = Path.Combine(_folder.Path, name);
        var again = Path.Combine(_folder.Path, "again");
        var outcome = await LdmProcess.RunAsync("sample", "--from", picture, "--out", again);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(File.ReadAllBytes(picture), File.ReadAllBytes(Path.Combine(again, Path.GetFileName(picture))));
    }

    private GenerationRecord RecordOf(string name)
    {
        var path = Path.Combine(_folder.Path, name);
        return GeneratedPng.RecordIn(PngText.Read(File.ReadAllBytes(path), path), path)!;
    }

    private RgbImage Read(string name) => ImageDecoder.DecodeFile(Path.Combine(_folder.Path, name));

    private string WriteImage(string name, int width, int height) =>
        WriteBytes(name, PngEncoder.Encode(TestImages.Pattern(width, height)));

    private string WriteMask(string name, int width, int height)
    {
        var holes = new byte[width * height];
        holes.AsSpan(width * height / 3, width * height / 3).Fill(1);
        return WriteBytes(name, PngEncoder.Encode(new InpaintingMask(width, height, holes).ToImage()));
    }

    private string WriteMap(string name, int width, int height) =>
        WriteBytes(name, new LabelSet(ConditionModels.Labels).WriteMap(ConditionModels.Map(width, height)));

    private string WriteText(string name, string text) => WriteBytes(name, System.Text.Encoding.UTF8.GetBytes(text));

    private string WriteBytes(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
