using System.Text.Json;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Which network measures LPIPS and PSIM, and what becomes of them where none can.</summary>
public sealed class LpipsTests : IDisposable
{
    private readonly Support.TemporaryFolder _folder = new();

    private string Network => _folder["alexnet.safetensors"];

    private string Heads => _folder["heads.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_network_and_its_learned_weights_measure_the_distance_and_not_rfid()
    {
        WriteNetwork();
        var (inputs, outputs) = WriteImages(size: 32);
        var (lpips, psim) = Measure(inputs, outputs);

        var json = Json(await EvaluateAsync("--lpips", Network, "--lpips-heads", Heads, "--json"));
        var plain = Json(await EvaluateAsync("--json"));

        Assert.True(psim > 1e-3 && Math.Abs(lpips - psim) > 1e-3, $"{lpips} and {psim} are to be told apart");
        Assert.Equal(lpips, json.GetProperty("lpips").GetDouble(), 2e-4);
        Assert.Equal(psim, json.GetProperty("psim").GetDouble(), 2e-4);
        Assert.Equal(("features", "alexnet"), (Text(json, "features"), Text(json, "lpips_features")));
        Assert.Equal(plain.GetProperty("rfid").GetDouble(), json.GetProperty("rfid").GetDouble());
        Assert.Equal("features", Text(plain, "lpips_features"));
    }

    [Fact]
    public async Task Without_learned_weights_there_is_no_lpips()
    {
        WriteNetwork();
        WriteImages(size: 32);

        var json = Json(await EvaluateAsync("--lpips", Network, "--json"));
        var words = await EvaluateAsync("--lpips", Network);

        Assert.Equal(JsonValueKind.Null, json.GetProperty("lpips").ValueKind);
        Assert.True(json.GetProperty("psim").GetDouble() > 0);
        Assert.Equal("alexnet", Text(json, "lpips_features"));
        Assert.Contains("LPIPS is not: alexnet has no learned weights", words.Output, StringComparison.Ordinal);
        Assert.Contains("  PSIM[alexnet]", words.Output, StringComparison.Ordinal);
        Assert.Contains("  rFID[features@32]", words.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("LPIPS[", words.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_network_cannot_measure_of_small_images_is_left_out_and_named()
    {
        WriteNetwork();
        WriteImages(size: 16);

        var lpips = await EvaluateAsync("--lpips", Network, "--lpips-heads", Heads, "--json");
        var features = await EvaluateAsync("--features", Network, "--json");

        foreach (var key in (string[])["lpips", "psim", "lpips_features"])
        {
            Assert.Equal(JsonValueKind.Null, Json(lpips).GetProperty(key).ValueKind);
        }

        Assert.Equal(JsonValueKind.Number, Json(lpips).GetProperty("rfid").ValueKind);
        Assert.Contains(
            "LPIPS and PSIM are left out: alexnet takes images of at least 31 pixels a side",
            lpips.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(JsonValueKind.Null, Json(features).GetProperty("rfid").ValueKind);
        Assert.Equal(JsonValueKind.Number, Json(features).GetProperty("psnr").ValueKind);
        Assert.Contains("The Frechet distance is left out: alexnet", features.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lpips-heads HEADS", "the heads for features")]
    [InlineData("--lpips nowhere", "--lpips nowhere: there is no such file or folder.")]
    [InlineData("--lpips-heads nowhere", "--lpips-heads nowhere: there is no such file or folder.")]
    public async Task Weights_of_another_network_and_missing_files_are_refused(string options, string expected)
    {
        WriteNetwork();
        WriteImages(size: 32);

        var outcome = await EvaluateAsync(options.Replace("HEADS", Heads, StringComparison.Ordinal).Split(' '));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(expected, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private Task<LdmProcess.Outcome> EvaluateAsync(params string[] options) =>
        LdmProcess.RunAsync([
            .. (string[])["evaluate", "reconstruction", "--inputs", _folder["in"], "--reconstructions", _folder["out"]],
            .. (string[])["--threads", "1"],
            .. options,
        ]);

    private static JsonElement Json(LdmProcess.Outcome outcome)
    {
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private static string? Text(JsonElement json, string key) => json.GetProperty(key).GetString();

    private (double Lpips, double Psim) Measure(RgbImage[] inputs, RgbImage[] outputs)
    {
        using var scope = NewDisposeScope();
        using var distance = FeatureNetworkFile.LoadDistance(Network, Heads);
        return (Mean(distance.Between), Mean(distance.BetweenUnweighted));

        double Mean(Func<Tensor, Tensor, Tensor> measure) =>
            inputs
                .Zip(outputs, (a, b) => measure(ImageTensors.FromImage(a), ImageTensors.FromImage(b)).item<float>())
                .Average();
    }

    // AlexNet as torchvision has it, and learned weights for it, out of formulas.
    private void WriteNetwork()
    {
        using var scope = NewDisposeScope();
        using var network = FormulaWeights.Fill(new AlexNetFeatures());
        using var heads = FormulaWeights.Fill(new PerceptualHeads(network.StageChannels));
        SafetensorsWriter.Write(
            Network,
            from tensor in ModuleState.Of(network)
            let name = LpipsNetwork.TorchvisionName(tensor.Key)
            where name is not null
            select KeyValuePair.Create(name, tensor.Value)
        );
        SafetensorsWriter.Write(Heads, ModuleState.Of(heads));
    }

    private (RgbImage[] Inputs, RgbImage[] Outputs) WriteImages(int size)
    {
        RgbImage[] inputs = [TestImages.Pattern(size, size), RgbImage.Filled(size, size, new Rgb(200, 90, 30))];
        RgbImage[] outputs = [RgbImage.Filled(size, size, new Rgb(90, 90, 90)), TestImages.Pattern(size, size)];
        foreach (var (folder, images) in ((string, RgbImage[])[])[("in", inputs), ("out", outputs)])
        {
            Directory.CreateDirectory(_folder[folder]);
            foreach (var (i, image) in images.Index())
            {
                File.WriteAllBytes(_folder[$"{folder}/{i}.png"], PngEncoder.Encode(image));
            }
        }

        return (inputs, outputs);
    }
}
