using System.Text.Json;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class ConvertTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ConvertTests() => SmallModels.Write("class-token", At("model.safetensors"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_published_checkpoint_is_inspected_converted_and_sampled()
    {
        var inspected = await LdmProcess.RunAsync("inspect", At("model.safetensors"), "--tensors", "--load", "--json");
        Assert.True(inspected.ExitCode == 0, inspected.Error);
        var json = JsonDocument.Parse(inspected.Output).RootElement;
        Assert.Equal(0, json.GetProperty("missing").GetProperty("count").GetInt32());
        Assert.Equal(0.25, json.GetProperty("scale_factor").GetDouble());
        Assert.Equal(json.GetProperty("tensor_count").GetInt32(), json.GetProperty("tensors").GetArrayLength());

        var converted = await LdmProcess.RunAsync("convert", At("model.safetensors"), At("folder"), "--json");
        Assert.True(converted.ExitCode == 0, converted.Error);
        Assert.Equal("diffusers", JsonDocument.Parse(converted.Output).RootElement.GetProperty("format").GetString());
        Assert.True(File.Exists(At("folder/unet/diffusion_pytorch_model.safetensors")));

        foreach (var model in new[] { "model.safetensors", "folder" })
        {
            string[] arguments =
            [
                "sample",
                At(model),
                "--class",
                "1",
                "--count",
                "1",
                "--steps",
                "2",
                "--size",
                "32x32",
                "--out",
                At("out-" + model),
                "--seed",
                "3",
                "--no-metadata",
            ];
            var sampled = await LdmProcess.RunAsync(arguments);
            Assert.True(sampled.ExitCode == 0, sampled.Error);
        }

        Assert.Equal(
            await File.ReadAllBytesAsync(At("out-model.safetensors/1-3.png"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(At("out-folder/1-3.png"), TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task What_cannot_be_converted_is_said_in_one_line()
    {
        await File.WriteAllTextAsync(At("text.ckpt"), "no checkpoint", TestContext.Current.CancellationToken);
        await Refused(["convert", At("text.ckpt"), At("x.safetensors")], "neither a file of torch.save");
        await Refused(["convert", At("model.safetensors"), At("x.bin")], "files are written as .safetensors or .ckpt");
        await Refused(["convert", At("model.safetensors"), At("x"), "--weights", "all"], "--weights ema or raw");
        await Refused(["convert", At("model.safetensors"), At("x"), "--dtype", "f8"], "takes f32, f16 or bf16");
        await Refused(["sample", At("model.safetensors"), "--lora", At("no.safetensors")], "no.safetensors");
        await Refused(["inspect", At("nothing")], "There is no model");
    }

    [Fact]
    public async Task Installed_models_are_listed()
    {
        var outcome = await LdmProcess.RunAsync("models", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var names = JsonDocument
            .Parse(outcome.Output)
            .RootElement.GetProperty("models")
            .EnumerateArray()
            .Select(m => m.GetProperty("name").GetString());
        Assert.Contains("photo-kl-f8", names);
    }

    private static async Task Refused(string[] arguments, string why)
    {
        var outcome = await LdmProcess.RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }

    private string At(string name) => Path.Combine(_folder.Path, name);
}
