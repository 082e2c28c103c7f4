using System.Text.Json;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class SamplerExperimentTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cells_are_measured_once_and_more_of_them_join_the_report()
    {
        var first = await RunAsync("--steps", "2,3", "--samplers", "ddim,heun");
        var results = JsonDocument.Parse(Read("results.json")).RootElement;
        var cells = results.GetProperty("cells").EnumerateArray().ToList();

        Assert.Equal(4, first.GetProperty("measured").GetInt32());
        Assert.Equal(["heun 2", "heun 3", "ddim 2", "ddim 3"], cells.Select(NameOf));
        Assert.All(cells, cell => Assert.True(cell.GetProperty("seconds_per_image").GetDouble() > 0));
        Assert.All(cells, cell => Assert.True(cell.GetProperty("fid").GetDouble() >= 0));
        Assert.True(results.GetProperty("first_stage_fid").GetDouble() > 0);
        foreach (
            var picture in cells
                .Select(c => c.GetProperty("sheet").GetString()!)
                .Concat(["distance.png", "seconds.png"])
        )
        {
            Assert.True(ImageDecoder.DecodeFile(Path.Combine(_folder.Path, picture)).Width > 100);
            Assert.Contains($"src=\"{picture}\"", Read("index.html"), StringComparison.Ordinal);
        }

        Assert.Contains("| heun    | karras  |", Read("table.md"), StringComparison.Ordinal);

        var second = await RunAsync("--steps", "3,2,1", "--samplers", "ddim", "--spacings", "uniform");
        var grown = JsonDocument.Parse(Read("results.json")).RootElement.GetProperty("cells").EnumerateArray().ToList();

        Assert.Equal(1, second.GetProperty("measured").GetInt32());
        Assert.Equal(["heun 2", "heun 3", "ddim 1", "ddim 2", "ddim 3"], grown.Select(NameOf));
        Assert.Equal(
            cells.Select(c => c.GetRawText()),
            grown.Where(c => NameOf(c) != "ddim 1").Select(c => c.GetRawText())
        );

        var other = await LdmProcess.RunAsync(Command("--steps", "2", "--samplers", "ddim", "--seed", "5"));
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("seed 0, now 5", other.Error, StringComparison.Ordinal);

        static string NameOf(JsonElement cell) =>
            $"{cell.GetProperty("sampler").GetString()} {cell.GetProperty("steps").GetInt32()}";
    }

    [Theory]
    [InlineData("--samplers", "dmid", "'dmid'")]
    [InlineData("--steps", "5,x", "--steps x")]
    [InlineData("--steps", "5,2000", "2000 sampler steps")]
    [InlineData("--steps", ",", "at least one each")]
    [InlineData("--spacings", "evenly", "'evenly'")]
    public async Task Wrong_lists_are_refused_before_anything_is_drawn(string option, string value, string named)
    {
        var outcome = await LdmProcess.RunAsync(Command(option, value));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(named, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task An_experiment_that_does_not_exist_is_answered_with_those_that_do()
    {
        var outcome = await LdmProcess.RunAsync("experiment", "sampler");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("did you mean 'samplers'?", outcome.Error, StringComparison.Ordinal);
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(_folder.Path, name));

    private async Task<JsonElement> RunAsync(params string[] options)
    {
        var outcome = await LdmProcess.RunAsync([.. Command(options), "--json", "--quiet"]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private string[] Command(params string[] options) =>
        [
            .. (string[])["experiment", "samplers", models["latent-diffusion"], "--real", models["images"]],
            .. (string[])["--count", "6", "--out", _folder.Path, "--threads", "1"],
            .. (string[])["--features", Repository.PathOf("models/features")],
            .. options,
        ];
}
