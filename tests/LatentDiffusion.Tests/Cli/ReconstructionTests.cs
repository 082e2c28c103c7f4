using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class ReconstructionTests(TinyModels models) : IDisposable
{
    private static readonly string[] Keys =
    [
        "psnr",
        "psnr_std",
        "ssim",
        "lpips",
        "lpips_std",
        "psim",
        "rfid",
        "mae",
        "count",
        "features",
        "lpips_features",
        "size",
        "sheet",
        "saved",
        "model",
    ];

    private readonly TemporaryFolder _folder = new();

    private string Saved => Path.Combine(_folder.Path, "saved");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Reconstructing_as_json_is_one_object_and_a_labelled_sheet()
    {
        var sheet = Path.Combine(_folder.Path, "new", "sheet.png");
        var json = await MeasureAsync(
            "reconstruct",
            models["latent-diffusion"],
            "--images",
            models["images"],
            "--size",
            "16",
            "--out",
            sheet
        );

        Assert.Equal(Keys, json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(24, json.GetProperty("count").GetInt32());
        Assert.Equal(16, json.GetProperty("size").GetInt32());
        Assert.InRange(json.GetProperty("psnr").GetDouble(), 5, 60);
        Assert.InRange(json.GetProperty("ssim").GetDouble(), -1, 0.9999);
        Assert.InRange(json.GetProperty("mae").GetDouble(), 0.1, 200);
        Assert.Equal(models["latent-diffusion"], json.GetProperty("model").GetString());
        Assert.Equal(sheet, json.GetProperty("sheet").GetString());
        // Four groups of three cells of 96 pixels, four rows below one line of captions.
        var drawn = ImageDecoder.DecodeFile(sheet);
        Assert.Equal((12 * 100 + 4, 24 + 4 * 100), (drawn.Width, drawn.Height));
    }

    [Fact]
    public async Task Perceptual_numbers_come_with_the_name_of_their_network_or_not_at_all()
    {
        var outcome = await LdmProcess.RunAsync(Evaluate("--count", "2", "--json"));
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        var named = json.GetProperty("features").ValueKind == JsonValueKind.String;

        Assert.Equal(named, json.GetProperty("rfid").ValueKind == JsonValueKind.Number);
        Assert.Equal(named, json.GetProperty("psim").ValueKind == JsonValueKind.Number);
        Assert.Equal(
            named ? 0 : 1,
            outcome.Error.Split('\n').Count(l => l.Contains("No feature network", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Saved_reconstructions_score_as_they_did_when_they_were_made()
    {
        string[] options = ["--size", "16", "--out", Path.Combine(_folder.Path, "sheet.png"), "--save", Saved];
        var made = await MeasureAsync(["reconstruct", models["autoencoder"], "--images", models["images"], .. options]);
        var model = await MeasureAsync(Evaluate("--size", "16"));
        var files = await MeasureAsync(EvaluateFolders("--size", "16"));

        Assert.Equal(24, Directory.GetFiles(Saved, "*.png", SearchOption.AllDirectories).Length);
        Assert.True(File.Exists(Path.Combine(Saved, "cat", "0.png")));
        foreach (var key in Keys.Except(["sheet", "saved", "model"]))
        {
            Assert.Equal(made.GetProperty(key).ToString(), model.GetProperty(key).ToString());
            Assert.Equal(made.GetProperty(key).ToString(), files.GetProperty(key).ToString());
        }

        Assert.Equal(JsonValueKind.Null, files.GetProperty("model").ValueKind);
        Assert.Equal(JsonValueKind.Null, model.GetProperty("sheet").ValueKind);
    }

    [Fact]
    public async Task Some_images_are_taken_from_all_over_the_folder()
    {
        await MeasureAsync([
            "reconstruct",
            models["autoencoder"],
            .. (string[])["--images", models["images"], "--count", "2", "--size", "20", "--save", Saved],
            .. (string[])["--out", Path.Combine(_folder.Path, "sheet.png")],
        ]);

        Assert.Equal([Path.Combine(Saved, "cat"), Path.Combine(Saved, "dog")], Directory.GetDirectories(Saved).Order());
        Assert.Equal(20, ImageDecoder.DecodeFile(Directory.GetFiles(Path.Combine(Saved, "dog")).Single()).Width);
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var outcome = await LdmProcess.RunAsync(Evaluate("--count", "3", "--size", "16"));

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("3 images at 16x16:\n", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n  PSNR +\d+\.\d\d \+- \d+\.\d\d dB\n  SSIM  ", outcome.Output);
        Assert.Matches(@"\n  PSIM\[features\] +\d\.\d{4} \+- \d\.\d{4}\n  rFID\[features@16\]  \d", outcome.Output);
        // It has learned no weights.
        Assert.DoesNotContain("LPIPS[", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_folders_have_an_infinite_psnr_which_json_leaves_out()
    {
        string[] same =
        [
            "evaluate",
            "reconstruction",
            "--inputs",
            models["images"],
            "--reconstructions",
            models["images"],
        ];
        var json = await MeasureAsync(same);
        var words = await LdmProcess.RunAsync(same);

        Assert.Equal(JsonValueKind.Null, json.GetProperty("psnr").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("size").ValueKind);
        Assert.Equal(1, json.GetProperty("ssim").GetDouble());
        Assert.Equal(0, json.GetProperty("mae").GetDouble());
        Assert.Matches(@"\n  PSNR +infinite: an image equals its reconstruction\n", words.Output);
        // These images are of many sizes.
        Assert.Contains("  rFID[features@mixed]", words.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arrays_are_compared_with_arrays_and_with_folders_in_their_order()
    {
        var images = Enumerable.Range(0, 3).Select(i => (byte)(50 * i)).ToList();
        var (inputs, outputs) = (Path.Combine(_folder.Path, "in.npz"), Path.Combine(_folder.Path, "out.npz"));
        Npz.Write(inputs, [.. images.Select(Grey)]);
        Npz.Write(outputs, [.. images.Select(level => Grey((byte)(level + 1)))]);
        Directory.CreateDirectory(Saved);
        foreach (var (i, level) in images.Index())
        {
            using var file = File.Create(Path.Combine(Saved, $"{i}.png"));
            PngEncoder.Write(Grey((byte)(level + 1)), file);
        }

        foreach (var reconstructions in (string[])[outputs, Saved])
        {
            string[] files = ["--inputs", inputs, "--reconstructions", reconstructions];
            var json = await MeasureAsync(["evaluate", "reconstruction", .. files, "--quiet"]);

            Assert.Equal(3, json.GetProperty("count").GetInt32());
            Assert.Equal(16, json.GetProperty("size").GetInt32());
            Assert.Equal(1, json.GetProperty("mae").GetDouble());
            Assert.Equal(20 * Math.Log10(255), json.GetProperty("psnr").GetDouble(), 1e-3);
        }

        AssertRefused(
            await LdmProcess.RunAsync(
                "evaluate",
                "reconstruction",
                "--inputs",
                inputs,
                "--reconstructions",
                models["images"]
            ),
            "has 3 images and"
        );

        static RgbImage Grey(byte level) => RgbImage.Filled(16, 16, new Rgb(level, level, level));
    }

    [Fact]
    public async Task Folders_that_do_not_go_together_are_refused()
    {
        TinyRuns.WriteImages(Saved, ["cat", "dog"], count: 24, size: 21);
        AssertRefused(
            await LdmProcess.RunAsync(EvaluateFolders()),
            "The reconstruction of \"cat/0.png\" is 21x21, its input 20x20"
        );

        File.Delete(Path.Combine(Saved, "dog", "1.png"));
        AssertRefused(
            await LdmProcess.RunAsync(EvaluateFolders()),
            $"dog/1 is in \"{models["images"]}\" but not in \"{Saved}\""
        );
    }

    [Theory]
    [InlineData("--model m", "Give either --model and --images, or --inputs and --reconstructions.")]
    [InlineData("--inputs a --images b", "Give either --model and --images")]
    [InlineData("--inputs nowhere --reconstructions b", "\"nowhere\" does not exist")]
    [InlineData("--model nowhere --images IMAGES", "There is no model at nowhere")]
    [InlineData("--model MODEL --images IMAGES --features nowhere", "--features nowhere: there is no such file")]
    [InlineData("--model MODEL --images IMAGES --count 0", "option '--count' takes a number above 0")]
    [InlineData("--model MODEL --imagse b", "unknown option '--imagse'; did you mean '--images'?")]
    public async Task Requests_that_cannot_be_fulfilled_are_refused(string options, string expected)
    {
        var words = options
            .Replace("IMAGES", models["images"], StringComparison.Ordinal)
            .Replace("MODEL", models["autoencoder"], StringComparison.Ordinal)
            .Split(' ');

        AssertRefused(await LdmProcess.RunAsync(["evaluate", "reconstruction", .. words, "--quiet"]), expected);
    }

    [Fact]
    public async Task Two_images_that_would_become_one_file_are_refused_before_anything_is_written()
    {
        var images = Path.Combine(_folder.Path, "images");
        TinyRuns.WriteImages(images, ["."], count: 1, size: 20);
        File.Copy(Path.Combine(images, "0.png"), Path.Combine(images, "0.jpg"));

        var outcome = await LdmProcess.RunAsync(
            "reconstruct",
            models["autoencoder"],
            "--images",
            images,
            "--save",
            Saved
        );

        AssertRefused(outcome, "--save: 0.jpg and 0.png", "ldm reconstruct: ");
        Assert.False(Directory.Exists(Saved));
    }

    [Fact]
    public async Task The_metric_must_be_named_and_help_shows_how()
    {
        var help = await LdmProcess.RunAsync("evaluate", "--help");

        Assert.Contains("  ldm evaluate reconstruction --model", help.Output, StringComparison.Ordinal);
        AssertRefused(
            await LdmProcess.RunAsync("evaluate"),
            "a metric is missing: reconstruction, first-stages, samples, captions, conditions, likelihood, latents. See 'ldm evaluate --help'.",
            "ldm evaluate: "
        );
        AssertRefused(
            await LdmProcess.RunAsync("evaluate", "reconstructoin"),
            "unknown metric 'reconstructoin'; did you mean 'reconstruction'?",
            "ldm evaluate: "
        );
    }

    private string[] Evaluate(params string[] options) =>
        ["evaluate", "reconstruction", "--model", models["autoencoder"], "--images", models["images"], .. options];

    private string[] EvaluateFolders(params string[] options) =>
        ["evaluate", "reconstruction", "--inputs", models["images"], "--reconstructions", Saved, "--quiet", .. options];

    private static async Task<JsonElement> MeasureAsync(params string[] args)
    {
        var outcome = await LdmProcess.RunAsync([.. args, "--json", "--threads", "1"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private static void AssertRefused(
        LdmProcess.Outcome outcome,
        string expected,
        string verb = "ldm evaluate reconstruction: "
    )
    {
        var line = Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        Assert.StartsWith(verb, line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }
}
