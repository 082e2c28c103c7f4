using System.Text.Json;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyTextModel.Collection)]
public sealed class EvaluateCaptionsTests(TinyTextModel model)
{
    [Fact]
    public async Task A_trained_model_obeys_its_captions_more_often_than_chance()
    {
        var outcome = await RunAsync(model.Model, "--candidates", "6", "--guidance", "1", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var captions = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("captions");
        Assert.Equal(6, captions.GetProperty("of").GetInt32());
        Assert.Equal(1 / 6.0, captions.GetProperty("chance").GetDouble(), 9);
        Assert.True(captions.GetProperty("right").GetInt32() >= 3, outcome.Output);
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
            .. (string[])["evaluate", "captions", path, "--steps", "5", "--threads", "1"],
            .. options.Contains("--real") ? (string[])[] : ["--real", model["images"]],
            .. options,
        ]);
}
