using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDiffusion.Cli.Demo;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed partial class DemoTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_models_that_ship_are_shown_each_by_its_own_command()
    {
        var outcome = await LdmProcess.RunAsync("demo", "--out", _folder.Path, "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        var drawings = json.GetProperty("drawings").EnumerateArray().ToList();
        var missing = json.GetProperty("missing").EnumerateArray().Select(m => m.GetString()!).ToList();
        Assert.Equal(
            Exhibit.All.Select(exhibit => exhibit.Model).Order(StringComparer.Ordinal),
            drawings.Select(d => d.GetProperty("model").GetString()!).Concat(missing).Order(StringComparer.Ordinal)
        );
        Assert.All(missing, model => Assert.False(Directory.Exists(Support.Repository.PathOf($"models/{model}"))));
        var page = File.ReadAllText(json.GetProperty("page").GetString()!);
        Assert.Equal(
            drawings.Select(d => d.GetProperty("file").GetString()!),
            Pictures().Matches(page).Select(m => m.Groups[1].Value)
        );
        Assert.All(
            drawings,
            d =>
            {
                var picture = Path.Combine(_folder.Path, d.GetProperty("file").GetString()!);
                Assert.True(ImageDecoder.DecodeFile(picture).Width >= 96);
                Assert.Contains(
                    WebUtility.HtmlEncode(d.GetProperty("command").GetString()!),
                    page,
                    StringComparison.Ordinal
                );
            }
        );
    }

    [Fact]
    public async Task A_picture_that_fails_is_named_with_its_command_in_one_line()
    {
        var first = Exhibit.All.FirstOrDefault(exhibit =>
            Directory.Exists(Support.Repository.PathOf($"models/{exhibit.Model}"))
        );
        Assert.SkipWhen(first is null, "No model is installed that the demo shows.");
        // Where the pictures' folder would go, there is a file.
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, first.Name), "", TestContext.Current.CancellationToken);

        var outcome = await LdmProcess.RunAsync("demo", "--out", _folder.Path, "--quiet");

        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith(
            $"ldm demo: The picture '{first.Title}' could not be drawn ({first.Command}): ldm {first.Verb}: ",
            Assert.Single(outcome.Error.TrimEnd().Split('\n')),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("LDM_TRACE", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Minutes_belong_to_training()
    {
        var outcome = await LdmProcess.RunAsync("demo", "--minutes", "1");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(
            "--minutes is how long to train: it goes with --train.",
            outcome.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_shortest_training_demo_shows_everything()
    {
        var outcome = await LdmProcess.RunAsync(
            "demo",
            "--train",
            "--minutes",
            "0.05",
            "--out",
            _folder.Path,
            "--json"
        );

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
