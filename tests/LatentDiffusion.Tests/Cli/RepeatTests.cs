using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Tests.Imaging;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Pictures that are drawn again from what their files say, and the verb that shows it.</summary>
[Collection(TinyTextModel.Collection)]
public sealed class RepeatTests(TinyTextModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sample")]
    [InlineData("txt2img")]
    public async Task A_picture_of_a_batch_is_drawn_again_bit_for_bit(string verb)
    {
        // Noise in every step, prompts that differ within the batch, and nothing at its usual value.
        await RunAsync(
            ["txt2img", model.Model, "--out", At("first"), "--threads", "1", "--seed", "41"],
            ["--prompt", "a (red:1.3) square", "--prompt", "a blue disc", "--count", "2", "--negative", "green"],
            ["--sampler", "ddim", "--eta", "1", "--steps", "7", "--spacing", "quad", "--size", "16x8"],
            ["--guidance", "3", "--guidance-rescale", "0.5", "--guidance-interval", "100:900"]
        );
        var picture = At("first", "a-blue-disc-43.png");

        var outcome = await RunAsync([verb, "--from", picture, "--out", At("again"), "--json"]);

        var file = Assert.Single(JsonDocument.Parse(outcome.Output).RootElement.GetProperty("files").EnumerateArray());
        Assert.Equal(At("again", "a-blue-disc-43.png"), file.GetString());
        Assert.Equal(File.ReadAllBytes(picture), File.ReadAllBytes(file.GetString()!));
        Assert.Single(Directory.GetFiles(At("again")));
    }

    [Fact]
    public async Task Options_beside_it_change_the_picture()
    {
        await DrawAsync("first", "--prompt", "a red square", "--seed", "3");
        var picture = At("first", "a-red-square-3.png");

        await RunAsync(["sample", "--from", picture, "--out", At("other"), "--seed", "8", "--count", "2"]);
        await RunAsync(["txt2img", "--from", picture, "--out", At("other"), "--prompt", "a blue square"]);

        Assert.Equal(
            ["a-blue-square-3.png", "a-red-square-8.png", "a-red-square-9.png"],
            Directory.GetFiles(At("other")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)
        );
        Assert.NotEqual(Pixels(picture), Pixels(At("other", "a-red-square-8.png")));
        Assert.Contains("Steps: 5,", TextOf(At("other", "a-blue-square-3.png")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_model_is_used_only_if_it_is_named()
    {
        await DrawAsync("first", "--prompt", "a red square");
        var picture = At("first", "a-red-square-0.png");
        var json = TextOf(picture, "ldm");
        var gone = Written("gone.png", json.Replace(model.Model, At("nowhere"), StringComparison.Ordinal));
        var hash = JsonDocument.Parse(json).RootElement.GetProperty("model").GetProperty("sha256").GetString()!;
        var changed = Written("changed.png", json.Replace(hash, new string('0', 64), StringComparison.Ordinal));

        AssertRefused(
            await LdmProcess.RunAsync("sample", "--from", gone),
            "was drawn by the model text, which is not at"
        );
        AssertRefused(await LdmProcess.RunAsync("sample", "--from", changed), "is not the model that drew");
        await RunAsync(["sample", model.Model, "--from", gone, "--out", At("moved")]);
        var named = await RunAsync(["sample", model.Model, "--from", changed, "--out", At("named")]);

        Assert.Equal(Pixels(picture), Pixels(At("moved", "a-red-square-0.png")));
        Assert.Contains("the picture will be another one.", named.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(At("named", "a-red-square-0.png")));
    }

    [Fact]
    public async Task Pictures_that_do_not_say_how_they_were_drawn_are_refused()
    {
        File.WriteAllBytes(At("plain.png"), PngEncoder.Encode(TestImages.Pattern(8, 8)));

        AssertRefused(
            await LdmProcess.RunAsync("sample", "--from", At("plain.png")),
            "plain.png does not say how to draw it again"
        );
    }

    [Fact]
    public async Task Info_shows_what_a_picture_says()
    {
        await DrawAsync("first", "--prompt", "a red square", "--negative", "blue", "--grid");
        var picture = At("first", "a-red-square-0.png");

        var words = await RunAsync(["info", picture]);
        var json = JsonDocument.Parse((await RunAsync(["info", picture, "--json"])).Output).RootElement;
        var grid = JsonDocument.Parse((await RunAsync(["info", At("first", "grid.png"), "--json"])).Output).RootElement;

        Assert.StartsWith(
            $"{picture}: 8x8 pixels\na red square\nNegative prompt: blue\nSteps: 5, ",
            words.Output,
            Ordinal
        );
        Assert.EndsWith($"To draw it again: ldm sample --from {picture}\n", words.Output, Ordinal);
        Assert.Equal("a red square", json.GetProperty("prompt").GetString());
        Assert.Equal("blue", json.GetProperty("negative_prompt").GetString());
        Assert.Equal("5", json.GetProperty("values").GetProperty("Steps").GetString());
        Assert.Equal(1, json.GetProperty("generation").GetProperty("version").GetInt32());
        Assert.Equal(JsonValueKind.Null, grid.GetProperty("generation").ValueKind);
        Assert.Equal("a red square", grid.GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task Info_of_other_images_is_their_size_or_what_is_wrong_with_them()
    {
        File.WriteAllBytes(At("photo.jpg"), TestImages.Encode(SKEncodedImageFormat.Jpeg, TestImages.Pattern(9, 7)));
        File.WriteAllText(At("notes.png"), "Milk, eggs");

        var photo = await RunAsync(["info", At("photo.jpg")]);

        Assert.Equal($"{At("photo.jpg")}: 9x7 pixels\nIt does not say how it was drawn.\n", photo.Output);
        AssertRefused(await LdmProcess.RunAsync("info", At("notes.png")), "notes.png\" is not a PNG");
        AssertRefused(await LdmProcess.RunAsync("info", At("nowhere.png")), "nowhere.png\" cannot be read");
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    private string At(params ReadOnlySpan<string> names) => Path.Combine([_folder.Path, .. names]);

    private Task<LdmProcess.Outcome> DrawAsync(string folder, params string[] options) =>
        RunAsync(
            ["txt2img", model.Model, "--out", At(folder), "--threads", "1", "--steps", "5", "--count", "1"],
            options
        );

    private static async Task<LdmProcess.Outcome> RunAsync(params string[][] arguments)
    {
        var outcome = await LdmProcess.RunAsync([.. arguments.SelectMany(a => a)]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private static void AssertRefused(LdmProcess.Outcome outcome, string expected)
    {
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }

    private string Written(string name, string record)
    {
        var png = PngEncoder.Encode(TestImages.Pattern(8, 8));
        File.WriteAllBytes(At(name), PngText.Insert(png, [new("ldm", record)]));
        return At(name);
    }

    private static string TextOf(string file, string keyword = "parameters") =>
        PngText.Read(File.ReadAllBytes(file), file).Single(text => text.Keyword == keyword).Text;

    private static byte[] Pixels(string file) => ImageDecoder.DecodeFile(file).Pixels;
}
