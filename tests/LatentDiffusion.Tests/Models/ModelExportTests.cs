using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using LatentDiffusion.Training;
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
    public void The_description_of_an_exported_text_model_names_no_folders_either()
    {
        using var scope = torch.NewDisposeScope();
        using var shapes = new CaptionedShapes();
        new Trainer(shapes.Experiment, shapes["run"]).Run(cancellation: TestContext.Current.CancellationToken);

        var path = ModelExport.Write(shapes["run"], shapes["model"]);

        using var file = SafetensorsFile.Open(path);
        Assert.DoesNotContain(
            file.Metadata.Values,
            value => value.Contains(shapes["."][..^1], StringComparison.Ordinal)
        );
        Assert.Contains("vocabulary: vocab.txt", file.Metadata["ldm.model"], StringComparison.Ordinal);
        using var model = ModelFile.LoadLatentDiffusion(shapes["model"]);
        Assert.NotNull(model.Conditioner);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(torch.ScalarType.Float16)]
    public void An_exported_diffusion_model_is_the_averaged_one_in_its_own_precision_or_less(torch.ScalarType? storage)
    {
        using var scope = torch.NewDisposeScope();
        _tiny.Train(_tiny.Diffusion() with { EmaDecay = 0.9 }, "run");

        var path = ModelExport.Write(_tiny["run"], _tiny["model"], storage);

        using var file = SafetensorsFile.Open(path);
        Assert.DoesNotContain(file.Tensors.Keys, name => name.StartsWith("model_ema", StringComparison.Ordinal));
        using var expected = ModelFile.LoadLatentDiffusion(_tiny["run"]);
        using var actual = ModelFile.LoadLatentDiffusion(_tiny["model"]);
        Assert.Equal(expected.ScaleFactor, actual.ScaleFactor);
        Assert.All(
            expected.Process.Buffers,
            buffer => TensorAssert.Equal(actual.Process.Buffers[buffer.Key], buffer.Value)
        );
        Assert.All(
            expected.UnetParameters().Zip(actual.UnetParameters()),
            pair =>
                TensorAssert.Equal(
                    pair.Second.Parameter,
                    storage is { } type ? pair.First.Parameter.to(type).to(torch.float32) : pair.First.Parameter
                )
        );
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
