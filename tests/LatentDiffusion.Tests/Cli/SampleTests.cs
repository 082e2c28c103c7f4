using System.Text.Json;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class SampleTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_same_seed_gives_the_same_files()
    {
        await SampleAsync("one", "--seed", "5", "--grid", Path.Combine(_folder.Path, "one", "grid.png"));
        await SampleAsync("two", "--seed", "5", "--grid", Path.Combine(_folder.Path, "two", "grid.png"));
        await SampleAsync("other", "--seed", "9");

        var names = Names("one");
        Assert.Equal(
            ["cat-5.png", "cat-6.png", "cat-7.png", "dog-10.png", "dog-8.png", "dog-9.png", "grid.png"],
            names
        );
        Assert.Equal(names, Names("two"));
        Assert.All(names, name => Assert.Equal(Bytes("one", name), Bytes("two", name)));
        Assert.NotEqual(Bytes("one", "cat-5.png"), Bytes("other", "cat-9.png"));
    }

    [Fact]
    public async Task An_image_of_a_batch_can_be_drawn_alone()
    {
        await SampleAsync("batch", "--seed", "5", "--class", "dog", "--eta", "1");
        await SampleAsync("alone", "--seed", "7", "--class", "dog", "--eta", "1", "--count", "1");

        var (inBatch, alone) = (Pixels("batch", "dog-7.png"), Pixels("alone", "dog-7.png"));
        Assert.Equal(inBatch.Length, alone.Length);
        // Convolutions of other batch sizes add up in another order.
        Assert.All(inBatch.Zip(alone), pair => Assert.InRange(pair.First - pair.Second, -1, 1));
        Assert.NotEqual(Pixels("batch", "dog-6.png"), alone);
    }

    [Fact]
    public async Task A_class_model_draws_without_a_class_when_none_is_asked_for()
    {
        await SampleAsync("out", "--seed", "5", "--class", "None", "--class", "cat", "--count", "2");

        // Images are named by what they show.
        Assert.Equal(["5.png", "6.png", "cat-7.png", "cat-8.png"], Names("out"));
    }

    [Fact]
    public async Task A_picture_of_a_class_is_drawn_again_bit_for_bit()
    {
        await SampleAsync("one", "--seed", "5", "--sampler", "euler-ancestral");
        var again = await LdmProcess.RunAsync(
            "sample",
            "--from",
            Path.Combine(_folder.Path, "one", "dog-9.png"),
            "--out",
            Path.Combine(_folder.Path, "again")
        );

        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Equal(["dog-9.png"], Names("again"));
        Assert.Equal(Bytes("one", "dog-9.png"), Bytes("again", "dog-9.png"));
    }

    [Fact]
    public async Task The_verb_for_text_points_to_this_one()
    {
        var outcome = await LdmProcess.RunAsync("txt2img", models["latent-diffusion"], "--prompt", "a cat");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("reads no text: use 'ldm sample ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("--class cat", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("ddim", "--eta", "0.5")]
    [InlineData("plms", "--spacing", "quad")]
    [InlineData("euler", "--patch", "12")]
    public async Task Options_of_the_sampler_change_the_images(string sampler, string option, string value)
    {
        string[] usual =
        [
            "--sampler",
            sampler,
            "--class",
            "cat",
            "--count",
            "1",
            "--size",
            "24x16",
            "--guidance",
            "40",
        ];
        await SampleAsync("plain", usual);
        await SampleAsync("changed", [.. usual, option, value]);

        Assert.NotEqual(Pixels("plain", "cat-0.png"), Pixels("changed", "cat-0.png"));
    }

    [Fact]
    public async Task Sampling_as_json_is_one_object()
    {
        var outcome = await SampleAsync("json", "--json", "--size", "24x16", "--class", "1");
        var json = SingleObject(outcome);

        Assert.Equal(0, json.GetProperty("seed").GetInt64());
        var (loaded, stepped) = (
            json.GetProperty("load_seconds").GetDouble(),
            json.GetProperty("first_step_seconds").GetDouble()
        );
        Assert.True(loaded > 0 && stepped > loaded, $"loaded after {loaded}, first step after {stepped}");
        var files = json.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).ToArray();
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.Equal((24, 16), Size(file)));
    }

    [Fact]
    public async Task Training_as_json_is_one_object()
    {
        var run = Path.Combine(_folder.Path, "run");
        var outcome = await LdmProcess.RunAsync(
            "train",
            models["autoencoder.yaml"],
            "--run",
            run,
            "--steps",
            "3",
            "--json"
        );
        var json = SingleObject(outcome);

        Assert.Equal(run, json.GetProperty("run_folder").GetString());
        Assert.Equal(3, json.GetProperty("step").GetInt64());
        Assert.True(json.GetProperty("loss").GetDouble() > 0);
        // 24 images an epoch; the speed is told to three digits after the point.
        var (speed, hours) = (
            json.GetProperty("images_per_second").GetDouble(),
            json.GetProperty("hours_per_epoch").GetDouble()
        );
        Assert.Equal(24, hours * 3600 * speed, 0.1);
        Assert.Contains("24 images in 2 classes", outcome.Error, StringComparison.Ordinal);
    }

    private static JsonElement SingleObject(LdmProcess.Outcome outcome)
    {
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private async Task<LdmProcess.Outcome> SampleAsync(string folder, params string[] options)
    {
        string[] usual = options.Contains("--count") ? [] : ["--count", "3"];
        var outcome = await LdmProcess.RunAsync([
            "sample",
            models["latent-diffusion"],
            .. (string[])["--out", Path.Combine(_folder.Path, folder), "--steps", "5", "--threads", "1"],
            .. usual,
            .. options,
        ]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return outcome;
    }

    private string[] Names(string folder) =>
        [
            .. Directory
                .GetFiles(Path.Combine(_folder.Path, folder))
                .Select(f => Path.GetFileName(f))
                .Order(StringComparer.Ordinal),
        ];

    private byte[] Bytes(string folder, string name) => File.ReadAllBytes(Path.Combine(_folder.Path, folder, name));

    private byte[] Pixels(string folder, string name) =>
        ImageDecoder.DecodeFile(Path.Combine(_folder.Path, folder, name)).Pixels;

    private static (int Width, int Height) Size(string file)
    {
        var image = ImageDecoder.DecodeFile(file);
        return (image.Width, image.Height);
    }
}
