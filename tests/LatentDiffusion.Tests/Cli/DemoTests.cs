using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed partial class DemoTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_shortest_demo_shows_everything()
    {
        var outcome = await LdmProcess.RunAsync("demo", "--minutes", "0.05", "--out", _folder.Path, "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.True(json.GetProperty("autoencoder_steps").GetInt64() > 0);
        Assert.True(json.GetProperty("diffusion_steps").GetInt64() > 0);
        var page = Path.Combine(_folder.Path, "index.html");
        Assert.Equal(page, json.GetProperty("page").GetString());
        var pictures = Pictures().Matches(File.ReadAllText(page)).Select(m => m.Groups[1].Value).ToArray();
        Assert.Equal(12, pictures.Length);
        Assert.All(
            [.. pictures, "samples.png"],
            picture => Assert.True(ImageDecoder.DecodeFile(Path.Combine(_folder.Path, picture)).Width >= 96)
        );
        Assert.Empty(TinyRuns.HalfWritten(_folder.Path));
    }

    [GeneratedRegex("src=\"([^\"]+)\"")]
    private static partial Regex Pictures();
}
