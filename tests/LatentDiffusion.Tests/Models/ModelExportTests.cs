using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Models;

[Collection(nameof(ProcessWideState))]
public sealed class ModelExportTests : IDisposable
{
    private readonly TinyTraining _tiny = new();

    [Fact]
    public void An_exported_autoencoder_has_the_averages_as_its_weights_and_no_folders()
    {
        using var scope = torch.NewDisposeScope();
        _tiny.Train(_tiny.Autoencoder("kl") with { EmaDecay = 0.9 }, "run");

        var path = ModelExport.Write(_tiny["run"], _tiny["model"]);

        using var file = SafetensorsFile.Open(path);
        Assert.DoesNotContain(file.Tensors.Keys, name => name.StartsWith("model_ema", StringComparison.Ordinal));
        Assert.DoesNotContain(file.Metadata.Values, value => value.Contains(_tiny["images"], StringComparison.Ordinal));
        Assert.Contains("path: images", file.Metadata["ldm.experiment"], StringComparison.Ordinal);
        using var expected = ModelFile.LoadFirstStage(_tiny["run"]).FirstStage;
        using var actual = ModelFile.LoadFirstStage(_tiny["model"]).FirstStage;
        foreach (var (name, parameter) in expected.named_parameters())
        {
            TensorAssert.Equal(actual.get_parameter(name)!, parameter);
        }
    }

    [Fact]
    public void A_diffusion_model_is_refused_in_one_line()
    {
        _tiny.Train(_tiny.Diffusion(), "run");

        var error = Assert.Throws<UserInputException>(() => ModelExport.Write(_tiny["run"], _tiny["model"]));

        Assert.Contains("latent diffusion model", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  path: /home/me/photos/train\nsize: 3", "  path: train\nsize: 3")]
    [InlineData("path: C:\\photos\\train", "path: train")]
    [InlineData("path: \"/a b/c d\"", "path: \"c d\"")]
    [InlineData("path: photos/train\nwhere: a=b/c", "path: photos/train\nwhere: a=b/c")]
    public void Folders_are_reduced_to_their_last_part(string yaml, string expected) =>
        Assert.Equal(expected, ModelExport.WithoutFolders(yaml));

    public void Dispose() => _tiny.Dispose();
}
