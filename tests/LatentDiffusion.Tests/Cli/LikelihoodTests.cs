using System.Text.Json;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class LikelihoodTests(TinyModels models)
{
    [Fact]
    public async Task The_bound_comes_with_its_parts_as_json()
    {
        var outcome = await Evaluate("latent-diffusion", "--count", "2", "--timesteps", "100", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        var parts = new[] { "prior_bpd", "diffusion_bpd", "decoder_bpd" }.Sum(Number);
        Assert.Equal(Number("bits_per_dim"), parts, 1e-4);
        Assert.Equal("continuous", json.GetProperty("decoder").GetString());
        Assert.Equal((2, 16, 100), ((int)Number("count"), (int)Number("size"), (int)Number("timesteps_every")));
        Assert.Equal(10, json.GetProperty("terms").GetArrayLength());
        Assert.Equal(99, json.GetProperty("terms")[0].GetProperty("last").GetInt32());

        double Number(string name) => json.GetProperty(name).GetDouble();
    }

    [Fact]
    public async Task People_read_a_table()
    {
        var outcome = await Evaluate("latent-diffusion", "--count", "1", "--timesteps", "500", "--quiet");

        Assert.StartsWith("1 image at 16x16", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("bits per dimension", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_autoencoder_has_no_likelihood()
    {
        var outcome = await Evaluate("autoencoder", "--count", "1");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("is an autoencoder", outcome.Error, StringComparison.Ordinal);
    }

    private Task<LdmProcess.Outcome> Evaluate(string model, params string[] options) =>
        LdmProcess.RunAsync([
            "evaluate",
            "likelihood",
            models[model],
            "--images",
            models["images"],
            "--threads",
            "1",
            .. options,
        ]);
}
