using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyTextModel.Collection)]
public sealed class TextToImageTests(TinyTextModel model) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Prompts_are_drawn_and_lie_in_files_and_on_a_sheet()
    {
        var outcome = await DrawAsync(
            "--prompt",
            "a red square",
            "--prompt",
            "a (blue:1.1) disc",
            "--count",
            "2",
            "--grid"
        );

        Assert.Equal(
            ["a-blue-1.1-disc-2.png", "a-blue-1.1-disc-3.png", "a-red-square-0.png", "a-red-square-1.png", "grid.png"],
            Names()
        );
        Assert.Equal([2, 2, 0, 0], Names()[..4].Select(StrongestChannel));
        Assert.Empty(outcome.Error);
        // Two columns beside the prompts, each image at least 96 pixels wide.
        Assert.InRange(ImageDecoder.DecodeFile(At("grid.png")).Width, 2 * 96 + 60, 600);
    }

    [Fact]
    public async Task Prompts_come_from_a_file_and_a_negative_prompt_leads_away()
    {
        File.WriteAllText(At("prompts.txt"), "a green square\n\n  a red disc\r\n");
        var outcome = await DrawAsync("--from-file", At("prompts.txt"), "--count", "1", "--json");

        var json = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(
            ["a-green-square-0.png", "a-red-disc-1.png"],
            json.GetProperty("files").EnumerateArray().Select(file => Path.GetFileName(file.GetString()!))
        );
        Assert.Equal([1, 0], new[] { "a-green-square-0.png", "a-red-disc-1.png" }.Select(StrongestChannel));

        await DrawAsync("--prompt", "a", "--negative", "a red square", "--count", "1", "--guidance", "2");
        Assert.NotEqual(0, StrongestChannel("a-0.png"));
    }

    [Fact]
    public async Task What_of_a_prompt_is_not_read_is_told_once()
    {
        var outcome = await DrawAsync("--prompt", "a red a red disc", "--count", "3");

        Assert.Equal(
            "The prompt \"a red a red disc\" is longer than the model reads. Left out: \"disc\".",
            outcome.Error.TrimEnd()
        );
        Assert.Equal(3, Names().Length);
    }

    [Fact]
    public async Task An_empty_prompt_draws_anything_and_says_so()
    {
        var outcome = await DrawAsync("--prompt", "", "--count", "1");

        Assert.Equal("The prompt is empty: the model draws anything.", outcome.Error.TrimEnd());
        Assert.Equal(["0.png"], Names());
    }

    [Fact]
    public async Task Pictures_tell_how_they_were_drawn_unless_they_are_not_to()
    {
        await DrawAsync("--prompt", "a (red:1.2) square", "--negative", "blue", "--count", "1", "--steps", "4");
        var texts = PngText.Read(File.ReadAllBytes(At("a-red-1.2-square-0.png")), "file");

        var parameters = Infotext.Parse(texts.Single(text => text.Keyword == "parameters").Text);
        Assert.Equal(("a (red:1.2) square", "blue"), (parameters.Prompt, parameters.NegativePrompt));
        Assert.Equal(
            ("4", "DPM++ 2M", "5", "0", "8x8", "text"),
            (
                parameters["Steps"],
                parameters["Sampler"],
                parameters["CFG scale"],
                parameters["Seed"],
                parameters["Size"],
                parameters["Model"]
            )
        );

        await DrawAsync("--prompt", "disc", "--count", "1", "--steps", "1", "--no-metadata");
        Assert.Empty(PngText.Read(File.ReadAllBytes(At("disc-0.png")), "file"));
    }

    [Theory]
    [InlineData("", "--prompt is missing: say what to draw, or name a file of prompts with --from-file.")]
    [InlineData("--prompt", "option '--prompt' needs a value.")]
    [InlineData("--from-file nowhere.txt", "--from-file nowhere.txt cannot be read: ")]
    [InlineData("--from-file EMPTY", "empty.txt holds no prompt: write one on each line.")]
    [InlineData("--prompt a --sampler eular", "There is no sampler 'eular'. Did you mean 'euler'?")]
    [InlineData("--prompt a --size 0x8", "The width 0 must be a positive multiple of 1 pixels.")]
    [InlineData("--prompt a --class cat", "--class cat: the model has no classes.")]
    [InlineData("--promt a", "unknown option '--promt'; did you mean '--prompt'?")]
    [InlineData("--prompt a --from a.png", "Image \"a.png\" cannot be read: ")]
    [InlineData("--prompt a --count 0", "option '--count' takes a number above 0, not '0'.")]
    [InlineData("--prompt a --guidance -2", "option '--guidance' takes a number from 0 up, not '-2'.")]
    public async Task Wrong_input_is_one_line_and_nothing_is_written(string options, string expected)
    {
        File.WriteAllText(At("empty.txt"), "\n  \n");
        var arguments = options
            .Replace("EMPTY", At("empty.txt"), StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var outcome = await RunAsync(["txt2img", model.Model, "--out", At("out"), .. arguments]);

        AssertRefused(outcome, expected);
        Assert.False(Directory.Exists(At("out")));
    }

    [Fact]
    public async Task A_missing_model_is_named() =>
        AssertRefused(await RunAsync("txt2img", "--prompt", "a"), "ldm txt2img: model is missing. See");

    [Fact]
    public async Task The_verb_for_models_without_text_points_to_this_one() =>
        AssertRefused(
            await RunAsync("sample", model.Model, "--out", At("out")),
            $"{model.Model} draws what a text says: use 'ldm txt2img {model.Model} --prompt TEXT'"
        );

    private static Task<LdmProcess.Outcome> RunAsync(params string[] arguments) => LdmProcess.RunAsync(arguments);

    private static void AssertRefused(LdmProcess.Outcome outcome, string expected)
    {
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }

    private async Task<LdmProcess.Outcome> DrawAsync(params string[] options)
    {
        var outcome = await LdmProcess.RunAsync([
            .. (string[])["txt2img", model.Model, "--out", _folder.Path, "--threads", "1"],
            .. options.Contains("--steps") ? Array.Empty<string>() : ["--steps", "10"],
            .. options,
        ]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private string[] Names() =>
        [.. Directory.GetFiles(_folder.Path, "*.png").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    private int StrongestChannel(string name)
    {
        var pixels = ImageDecoder.DecodeFile(At(name)).Pixels;
        var sums = Enumerable.Range(0, 3).Select(c => pixels.Where((_, i) => i % 3 == c).Sum(p => p)).ToList();
        return sums.IndexOf(sums.Max());
    }
}
