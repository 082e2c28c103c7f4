using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class FirstStageComparisonTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Models_are_measured_on_the_same_images_as_each_is_alone()
    {
        var sheet = Path.Combine(_folder.Path, "sheet.png");
        var outcome = await LdmProcess.RunAsync(
            Compare("--out", sheet, "--show", "3", "--detail", "10", "--json", "--quiet")
        );
        var alone = await LdmProcess.RunAsync([
            "evaluate",
            "reconstruction",
            "--model",
            models["autoencoder"],
            "--images",
            models["images"],
            "--size",
            "16",
            "--json",
            "--quiet",
        ]);

        Assert.Equal((0, 0), (outcome.ExitCode, alone.ExitCode));
        var measured = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("models");
        Assert.Equal(["autoencoder", "latent-diffusion"], measured.EnumerateArray().Select(m => Text(m, "name")));
        Assert.All(measured.EnumerateArray(), model => Assert.Equal("KL", Text(model, "regularization")));
        Assert.Equal(
            JsonDocument.Parse(alone.Output).RootElement.GetProperty("psnr").GetDouble(),
            measured[0].GetProperty("measured").GetProperty("psnr").GetDouble()
        );

        // Input and two models, three rows of 10 pixels twice as large, below one line of captions.
        var drawn = ImageDecoder.DecodeFile(sheet);
        Assert.Equal((3 * 24 + 4, 24 + 3 * 24), (drawn.Width, drawn.Height));

        static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
    }

    [Fact]
    public async Task People_get_a_table_with_a_row_per_model()
    {
        var outcome = await LdmProcess.RunAsync(Compare("--count", "4", "--quiet"));

        Assert.Equal(0, outcome.ExitCode);
        var rows = outcome.Output.Split('\n').Where(line => line.StartsWith('|')).ToList();
        Assert.Equal(4, rows.Count);
        Assert.StartsWith("| autoencoder ", rows[2], StringComparison.Ordinal);
        Assert.StartsWith("| latent-diffusion ", rows[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_of_different_factors_are_sent_the_same_pixels_or_none()
    {
        // Factors 2 and 8: of 21 pixels a side, one could take 20 and the other 16.
        var images = Directory.CreateDirectory(Path.Combine(_folder.Path, "images")).FullName;
        for (var i = 0; i < 4; i++)
        {
            var image = i < 2 ? TestImages.Pattern(21, 21) : RgbImage.Filled(21, 21, new Rgb(9, 9, (byte)(60 * i)));
            File.WriteAllBytes(Path.Combine(images, $"{i}.png"), PngEncoder.Encode(image));
        }

        await File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "coarse.yaml"),
            TinyRuns.Autoencoder.Replace("[1, 1]", "[1, 1, 1, 1]", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        await TinyRuns.TrainAsync(_folder.Path, "coarse", steps: 1);
        string[] compare =
        [
            .. (string[])["evaluate", "first-stages", models["autoencoder"], Path.Combine(_folder.Path, "coarse")],
            .. (string[])["--images", images],
        ];

        var outcome = await LdmProcess.RunAsync([.. compare, "--json", "--quiet"]);
        var words = await LdmProcess.RunAsync([.. compare, "--quiet"]);
        var refused = await LdmProcess.RunAsync([.. compare, "--size", "20"]);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var measured = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("models").EnumerateArray().ToList();
        Assert.Equal([2, 8], measured.Select(model => model.GetProperty("factor").GetInt32()));
        Assert.All(measured, m => Assert.Equal(16, m.GetProperty("measured").GetProperty("size").GetInt32()));
        Assert.StartsWith("4 images at 16x16;", words.Output, StringComparison.Ordinal);
        Assert.Contains("| rFID[features@16] |", words.Output, StringComparison.Ordinal);
        // Nothing was measured before it was seen that the second model cannot take it.
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("--size 20 is no multiple of 8", refused.Error, StringComparison.Ordinal);
        Assert.Contains("use 16", Assert.Single(refused.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_named()
    {
        var outcome = await LdmProcess.RunAsync([
            "evaluate",
            "first-stages",
            models["autoencoder"],
            models["nothing"],
            "--images",
            models["images"],
            "--size",
            "16",
        ]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(models["nothing"], outcome.Error, StringComparison.Ordinal);
    }

    private string[] Compare(params string[] options) =>
        [
            "evaluate",
            "first-stages",
            models["autoencoder"],
            models["latent-diffusion"],
            "--images",
            models["images"],
            "--size",
            "16",
            .. options,
        ];
}
