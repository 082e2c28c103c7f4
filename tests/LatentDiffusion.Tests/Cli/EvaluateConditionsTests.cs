using System.Text.Json;
using LatentDiffusion.Imaging;
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
        foreach (var key in (string[])["psnr", "ssim", "lpips", "fid", "seconds_per_image"])
        {
            Assert.True(double.IsFinite(json.GetProperty(key).GetDouble()), key);
        }

        foreach (var key in (string[])["bicubic", "maps", "layouts"])
        {
            Assert.Equal(key == more, json.GetProperty(key).ValueKind == JsonValueKind.Object);
        }

        Assert.Equal("features", json.GetProperty("features").GetString());
        Assert.True(ImageDecoder.DecodeFile(sheet).Width > 3 * ConditionModels.Size);
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
        LdmProcess.RunAsync([
            "evaluate",
            "conditions",
            models[model],
            "--images",
            models["images"],
            "--steps",
            "2",
            "--json",
            "--quiet",
            .. more,
        ]);
}
