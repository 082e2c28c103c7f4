using System.Text.Json;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyTextModel.Collection)]
public sealed class EvaluateCaptionsTests(TinyTextModel model)
{
    [Fact]
    public async Task Colours_that_captions_name_are_told_from_the_others()
    {
        // Of each colour one shape: what the judge sees of so small images is little more than their colour.
        using var squares = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(model["images"], "*-square.*"))
        {
            File.Copy(file, Path.Combine(squares.Path, Path.GetFileName(file)));
        }

        var outcome = await RunAsync(
            model.Model,
            "--real",
            squares.Path,
            "--candidates",
            "3",
            "--guidance",
            "3",
            "--json"
        );

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var captions = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("captions");
        Assert.Equal(3, captions.GetProperty("of").GetInt32());
        Assert.Equal(1 / 3.0, captions.GetProperty("chance").GetDouble(), 9);
        Assert.Equal(3, captions.GetProperty("right").GetInt32());
    }

    [Theory]
    [InlineData("--candidates", "7", "There are 6 captions, fewer than 7 candidates")]
    [InlineData("--candidates", "1", "option '--candidates' takes a number from 2 up.")]
    [InlineData("--real", "nowhere", "nowhere")]
    public async Task Wrong_input_is_one_line(string option, string value, string expected)
    {
        var outcome = await RunAsync(model.Model, option, value);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private Task<LdmProcess.Outcome> RunAsync(string path, params string[] options) =>
        LdmProcess.RunAsync([
            .. (string[])["evaluate", "captions", path, "--steps", "20", "--threads", "1"],
            .. options.Contains("--real") ? (string[])[] : ["--real", model["images"]],
            .. options,
        ]);
}
