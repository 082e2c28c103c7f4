using System.Text.Json;
using LatentDiffusion.Imaging;
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
