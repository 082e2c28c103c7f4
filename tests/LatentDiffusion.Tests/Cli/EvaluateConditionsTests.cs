using System.IO.Compression;
using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class EvaluateConditionsTests(ConditionModels models) : IClassFixture<ConditionModels>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("superres", "bicubic")]
    [InlineData("inpaint", null)]
    [InlineData("semantic", "maps")]
    [InlineData("layout", "layouts")]
    public async Task Images_are_drawn_anew_and_compared(string model, string? more)
    {
        var sheet = Path.Combine(_folder.Path, "sheet.png");
        string[] beside =
            model is "semantic" ? ["--maps", models["maps"]]
            : model is "layout" ? ["--layouts", models["layouts"]]
            : [];

        var outcome = await RunAsync(model, [.. beside, "--out", sheet, "--show", "2"]);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(4, json.GetProperty("count").GetInt32());
        foreach (var key in (string[])["psnr", "ssim", "psim", "fid", "seconds_per_image"])
        {
            Assert.True(double.IsFinite(json.GetProperty(key).GetDouble()), key);
        }

        // The network that ships has no learned weights.
        Assert.Equal(JsonValueKind.Null, json.GetProperty("lpips").ValueKind);

        foreach (var key in (string[])["bicubic", "maps", "layouts"])
        {
            Assert.Equal(key == more, json.GetProperty(key).ValueKind == JsonValueKind.Object);
        }

        Assert.Equal("features", json.GetProperty("features").GetString());
        Assert.True(ImageDecoder.DecodeFile(sheet).Width > 3 * ConditionModels.Size);
    }

    [Theory]
    [InlineData("images.npz")]
    [InlineData("images.zip")]
    public async Task Archives_are_measured_as_the_folder_is(string archive)
    {
        var path = Path.Combine(_folder.Path, archive);
        if (archive.EndsWith(".zip", StringComparison.Ordinal))
        {
            await ZipFile.CreateFromDirectoryAsync(models["images"], path, TestContext.Current.CancellationToken);
        }
        else
        {
            Npz.Write(path, [.. Directory.GetFiles(models["images"]).Order().Select(f => ImageDecoder.DecodeFile(f))]);
        }

        var (folder, same) = (await RunAsync("superres"), await RunOnAsync(path, "superres"));

        Assert.True(same.ExitCode == 0, same.Error);
        foreach (var key in (string[])["count", "psnr", "psim", "fid"])
        {
            Assert.Equal(Value(folder, key), Value(same, key));
        }

        static string Value(LdmProcess.Outcome outcome, string key) =>
            JsonDocument.Parse(outcome.Output).RootElement.GetProperty(key).GetRawText();
    }

    [Fact]
    public async Task Guidance_by_the_input_brings_samples_nearer_to_it()
    {
        var (plain, guided) = (await RunAsync("superres"), await RunAsync("superres", "--input-guidance", "500"));

        Assert.True(guided.ExitCode == 0, guided.Error);
        Assert.Equal(0, Of(plain, "input_guidance"));
        Assert.Equal(500, Of(guided, "input_guidance"));
        Assert.True(Of(guided, "psnr") > Of(plain, "psnr") + 0.1, $"{Of(guided, "psnr")} and {Of(plain, "psnr")} dB");

        static double Of(LdmProcess.Outcome outcome, string key) =>
            JsonDocument.Parse(outcome.Output).RootElement.GetProperty(key).GetDouble();
    }

    [Fact]
    public async Task Guidance_by_the_input_is_refused_where_no_input_is_small()
    {
        var outcome = await RunAsync("inpaint", "--input-guidance", "1");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("needs a low-resolution image for every sample", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Label_maps_of_images_without_names_cannot_be_found()
    {
        var path = Path.Combine(_folder.Path, "images.npz");
        Npz.Write(path, [ImageDecoder.DecodeFile(models["images/0.png"])]);

        var outcome = await RunOnAsync(path, "semantic", "--maps", models["maps"]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("have no names, by which label maps are found", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_name_network_and_size_at_the_figures()
    {
        var outcome = await LdmProcess.RunAsync([
            .. (string[])["evaluate", "conditions", models["semantic"], "--images", models["images"]],
            .. (string[])["--maps", models["maps"], "--steps", "1", "--quiet"],
        ]);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        foreach (var name in (string[])["FID[features@16]", "PSIM[features]", "mean IoU[features]"])
        {
            Assert.Contains($"\n  {name} ", outcome.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("plain", "is not conditioned on pictures or boxes: measure it with ldm evaluate samples")]
    [InlineData("semantic", "The model is shown label maps: say where those of the images are with --maps.")]
    public async Task A_model_without_what_it_needs_is_refused(string model, string message)
    {
        var outcome = await RunAsync(model);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    private Task<LdmProcess.Outcome> RunAsync(string model, params string[] more) =>
        RunOnAsync(models["images"], model, more);

    private Task<LdmProcess.Outcome> RunOnAsync(string images, string model, params string[] more) =>
        LdmProcess.RunAsync([
            "evaluate",
            "conditions",
            models[model],
            "--images",
            images,
            "--steps",
            "2",
            "--json",
            "--quiet",
            .. more,
        ]);
}
