using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Models;

/// <summary>Averages of a whole autoencoder on their way through a file.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class FirstStageAveragesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FirstStage _model = FormulaWeights.Fill(TinyTraining.FirstStage("vq").Build());
    private readonly ExponentialMovingAverage _averages;

    public FirstStageAveragesTests()
    {
        _averages = new ExponentialMovingAverage(FirstStageTensors.Parameters(_model), 0.99) { Updates = 77 };
        using var noGradient = torch.no_grad();
        foreach (var parameter in _model.parameters())
        {
            parameter.add_(0.25);
        }

        using var scope = torch.NewDisposeScope();
        ModelFile.Write(
            FilePath,
            new AutoencoderModelConfig { FirstStage = TinyTraining.FirstStage("vq"), ImageSize = 8 },
            FirstStageTensors.Of(_model, _averages),
            experiment: "",
            step: 7
        );
    }

    private string FilePath => _folder[ModelFile.FileName];

    [Fact]
    public void Weights_and_averages_come_back()
    {
        using var loaded = TinyTraining.FirstStage("vq").Build();
        using var averages = new ExponentialMovingAverage(FirstStageTensors.Parameters(loaded), 0.99);
        using var file = SafetensorsFile.Open(FilePath);
        FirstStageTensors.Load(file, loaded, averages);

        Assert.Equal(77, averages.Updates);
        AssertSame(FirstStageTensors.Parameters(_model), loaded);
        Assert.All(
            averages.Shadows.Zip(_averages.Shadows),
            pair => TensorAssert.Equal(pair.First.Value, pair.Second.Value)
        );
    }

    [Fact]
    public void Names_are_the_reference_s()
    {
        using var file = SafetensorsFile.Open(FilePath);
        var averages = file.Tensors.Keys.Where(n => n.StartsWith("model_ema.", StringComparison.Ordinal)).ToHashSet();

        Assert.Equal(_model.parameters().Count() + 2, averages.Count);
        Assert.Superset(
            new HashSet<string>
            {
                "model_ema.decay",
                "model_ema.num_updates",
                "model_ema.encoderconv_inweight",
                "model_ema.quantizeembeddingweight",
                "model_ema.post_quant_convbias",
            },
            averages
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_loaded_first_stage_has_the_averages_unless_told_otherwise(bool useAverages)
    {
        var (loaded, _) = ModelFile.LoadFirstStage(_folder.Root, useAverages);
        using var disposed = loaded;

        AssertSame(useAverages ? Shadows() : FirstStageTensors.Parameters(_model), loaded);
        Assert.False(loaded.training);
    }

    [Fact]
    public void Training_starts_from_the_averages()
    {
        using var target = TinyTraining.FirstStage("vq").Build();
        ModelFile.LoadFirstStageInto(_folder.Root, target);

        AssertSame(Shadows(), target);
    }

    [Fact]
    public void Another_architecture_is_refused_in_one_line_and_nothing_changed()
    {
        using var target = TinyTraining.FirstStage("kl").Build();
        var before = target.state_dict().ToDictionary(e => e.Key, e => e.Value.bytes.ToArray());

        var error = Assert.Throws<UserInputException>(() => ModelFile.LoadFirstStageInto(FilePath, target));

        Assert.Contains("quant_conv.weight [3,3,1,1] instead of [6,6,1,1]", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 tensors unexpected (quantize.embedding.weight)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, target.state_dict().ToDictionary(e => e.Key, e => e.Value.bytes.ToArray()));
    }

    [Fact]
    public void Averages_start_over_at_new_weights()
    {
        _averages.Restart();

        Assert.Equal(0, _averages.Updates);
        AssertSame(Shadows(), _model);
    }

    public void Dispose()
    {
        _averages.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    private IEnumerable<(string, torch.Tensor)> Shadows() => _averages.Shadows.Select(s => (s.Key, s.Value));

    private static void AssertSame(IEnumerable<(string Name, torch.Tensor Tensor)> expected, FirstStage actual)
    {
        var found = FirstStageTensors.Parameters(actual).ToDictionary(p => p.Name, p => p.Parameter);
        var all = expected.ToList();
        Assert.Equal(all.Count, found.Count);
        Assert.All(all, e => TensorAssert.Equal(found[e.Name], e.Tensor));
    }
}
