using System.Text.Json;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class ConvolutionalSamplingTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Both_models_draw_at_both_sizes_and_say_what_it_took()
    {
        string[] more = ["--size", "32x24", "--class", "cat", "--count", "1", "--steps", "2", "--json", "--quiet"];
        var outcome = await LdmProcess.RunAsync(Command("latent-diffusion", more));

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        var cells = json.GetProperty("cells").EnumerateArray().ToList();
        Assert.Equal(
            [
                "scaled training size 16x16",
                "scaled whole 32x24",
                "scaled patches 32x24",
                "unscaled training size 16x16",
                "unscaled whole 32x24",
                "unscaled patches 32x24",
            ],
            cells.Select(c => $"{Text(c, "latents")} {Text(c, "way")} {Number(c, "width")}x{Number(c, "height")}")
        );
        Assert.All(cells, cell => Assert.True(Number(cell, "peak_rss_mb") > 50));
        Assert.All(cells, cell => Assert.True(Number(cell, "seconds_per_image") > 0));
        Assert.True(Number(json.GetProperty("scaled"), "deviation") > 0);
        // The same model twice draws the same twice, and patches are not the whole.
        Assert.Equal(Drawn("scaled-whole"), Drawn("unscaled-whole"));
        Assert.NotEqual(Drawn("scaled-whole"), Drawn("scaled-patches"));
        var page = File.ReadAllText(Path.Combine(_folder.Path, "index.html"));
        foreach (var picture in cells.Select(c => Text(c, "sheet")!).Append("comparison.png"))
        {
            Assert.True(ImageDecoder.DecodeFile(Path.Combine(_folder.Path, picture)).Width >= 16);
            Assert.Contains($"src=\"{picture}\"", page, StringComparison.Ordinal);
        }

        static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

        static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

        byte[] Drawn(string name) => ImageDecoder.DecodeFile(Path.Combine(_folder.Path, name, "cat-0.png")).Pixels;
    }

    [Theory]
    [InlineData("autoencoder", "32x32", "is an autoencoder")]
    [InlineData("latent-diffusion", "33x32", "must be a positive multiple")]
    public async Task What_cannot_be_sampled_is_refused_at_once(string unscaled, string size, string message)
    {
        var outcome = await LdmProcess.RunAsync(Command(unscaled, "--size", size));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private string[] Command(string unscaled, params string[] options) =>
        [
            .. (string[])["experiment", "convolutional-sampling", models["latent-diffusion"]],
            .. (string[])["--unscaled", models[unscaled], "--out", _folder.Path, "--threads", "1"],
            .. options,
        ];
}
