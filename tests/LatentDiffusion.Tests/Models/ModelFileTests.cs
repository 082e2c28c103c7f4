using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Models;

[Collection(nameof(ProcessWideState))]
public sealed class ModelFileTests : IDisposable
{
    private static readonly LatentDiffusionModelConfig Config = new()
    {
        FirstStage = TinyTraining.FirstStage("kl"),
        ImageSize = 8,
        Unet = new UnetConfig
        {
            InChannels = 3,
            OutChannels = 3,
            ModelChannels = 32,
            ChannelMult = [1],
            NumResBlocks = 1,
            AttentionResolutions = [1],
            NumHeads = 2,
            UseSpatialTransformer = true,
            ContextDim = 8,
        },
        Conditioner = new ClassTokenConfig { EmbedDim = 8 },
        Classes = ["dark", "light"],
        Objective = new DiffusionObjectiveConfig { Parameterization = Parameterization.X0 },
    };

    private static readonly string[] ScheduleBuffers =
    [
        "alphas_cumprod",
        "alphas_cumprod_prev",
        "betas",
        "log_one_minus_alphas_cumprod",
        "posterior_log_variance_clipped",
        "posterior_mean_coef1",
        "posterior_mean_coef2",
        "posterior_variance",
        "sqrt_alphas_cumprod",
        "sqrt_one_minus_alphas_cumprod",
        "sqrt_recip_alphas_cumprod",
        "sqrt_recipm1_alphas_cumprod",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly LatentDiffusionModel _model = new(Config) { ScaleFactor = 1 / 3.0 };
    private readonly ExponentialMovingAverage _ema;

    public ModelFileTests()
    {
        FormulaWeights.Fill(_model.Unet);
        _ema = new ExponentialMovingAverage(_model.UnetParameters()) { Updates = 1234 };
        using var noGradient = torch.no_grad();
        foreach (var parameter in _model.Unet.parameters())
        {
            parameter.add_(0.25);
        }
    }

    private string FilePath => _folder[ModelFile.FileName];

    [Fact]
    public void A_model_comes_back_from_its_file()
    {
        Write();
        using var file = SafetensorsFile.Open(FilePath);
        using var loaded = new LatentDiffusionModel((LatentDiffusionModelConfig)ModelFile.ReadConfig(file));
        using var ema = new ExponentialMovingAverage(loaded.UnetParameters());
        ModelTensors.Load(file, loaded, ema);

        Assert.Equal(1 / 3.0, loaded.ScaleFactor);
        Assert.Equal(1234, ema.Updates);
        Assert.Equal(["dark", "light"], loaded.Config.Classes);
        Assert.Equal(Parameterization.X0, loaded.Config.Objective.Parameterization);
        AssertSame(_model.UnetParameters(), loaded.UnetParameters());
        AssertSame(_model.TrainableParameters(), loaded.TrainableParameters());
        AssertSame(Named(_model.FirstStage), Named(loaded.FirstStage));
        AssertSame(Pairs(_ema), Pairs(ema));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sampling_loads_the_averages_unless_told_otherwise(bool useAverages)
    {
        Write();
        using var loaded = ModelFile.LoadLatentDiffusion(_folder.Root, useAverages);

        AssertSame(useAverages ? Pairs(_ema) : _model.UnetParameters(), loaded.UnetParameters());
        Assert.Equal(1 / 3.0, loaded.ScaleFactor);
        Assert.False(loaded.Unet.training);
        Assert.False(loaded.FirstStage.training);
    }

    [Fact]
    public void Names_are_those_of_published_checkpoints()
    {
        Write();
        using var file = SafetensorsFile.Open(FilePath);
        var weights = file.Tensors.Keys.Where(name => name.Contains('.', StringComparison.Ordinal)).ToHashSet();
        var buffers = file.Tensors.Keys.Except(weights);

        Assert.Equal(ScheduleBuffers.Append("scale_factor").Order(), buffers.Order());
        Assert.All(ScheduleBuffers, name => Assert.Equal([1000L], file.Tensors[name].Shape));
        Assert.Equal(
            ["cond_stage_model", "first_stage_model", "model", "model_ema"],
            weights.Select(name => name.Split('.')[0]).Distinct().Order(StringComparer.Ordinal)
        );
        Assert.Equal([3L, 8L], file.Tensors["cond_stage_model.embedding.weight"].Shape);
        Assert.Superset(
            new HashSet<string>
            {
                "model.diffusion_model.input_blocks.0.0.weight",
                "model_ema.diffusion_modelinput_blocks00weight",
                "model_ema.decay",
                "model_ema.num_updates",
                "first_stage_model.quant_conv.weight",
            },
            weights
        );
    }

    [Theory]
    [InlineData("model.diffusion_model.out.2.bias", "1 tensors missing (model.diffusion_model.out.2.bias)")]
    [InlineData("model_ema.num_updates", "1 tensors missing (model_ema.num_updates)")]
    [InlineData("first_stage_model.quant_conv.bias", "1 tensors missing (first_stage_model.quant_conv.bias)")]
    public void A_missing_tensor_is_named_and_nothing_changed(string name, string message) =>
        AssertRefuses(tensors => tensors.Remove(name), message);

    [Theory]
    [InlineData("model.diffusion_model.extra")]
    [InlineData("cond_stage_model.extra")]
    public void An_unexpected_tensor_is_named_and_nothing_changed(string name) =>
        AssertRefuses(tensors => tensors[name] = torch.zeros(1), $"1 tensors unexpected ({name})");

    [Theory]
    [InlineData("cond_stage_model.embedding.weight", "[3,8]")]
    [InlineData("scale_factor", "[]")]
    public void A_tensor_of_another_shape_is_named_and_nothing_changed(string name, string shape) =>
        AssertRefuses(
            tensors => tensors[name] = torch.zeros(4, 8),
            $"1 tensors of another shape ({name} [4,8] instead of {shape})"
        );

    [Fact]
    public void All_problems_fit_into_one_line()
    {
        AssertRefuses(
            tensors =>
            {
                foreach (var name in tensors.Keys.Where(n => n.Contains("bias", StringComparison.Ordinal)).ToList())
                {
                    tensors.Remove(name);
                }

                tensors["model.diffusion_model.extra"] = torch.zeros(1);
            },
            ", ...); 1 tensors unexpected"
        );
    }

    [Fact]
    public void A_checkpoint_without_averages_samples_with_its_weights()
    {
        using (var scope = torch.NewDisposeScope())
        {
            ModelFile.Write(FilePath, Config, ModelTensors.Of(_model, ema: null), "", 1);
        }

        using var loaded = ModelFile.LoadLatentDiffusion(FilePath);
        AssertSame(_model.UnetParameters(), loaded.UnetParameters());
    }

    [Fact]
    public void The_first_stage_of_a_diffusion_model_can_be_had_alone()
    {
        Write();
        var (firstStage, config) = ModelFile.LoadFirstStage(FilePath);
        using var disposed = firstStage;

        AssertSame(Named(_model.FirstStage), Named(firstStage));
        Assert.Equal(8, config.ImageSize);
        Assert.False(firstStage.training);
    }

    [Fact]
    public void An_autoencoder_cannot_sample()
    {
        ModelFile.Write(
            FilePath,
            new AutoencoderModelConfig { FirstStage = Config.FirstStage, ImageSize = 8 },
            ModuleState.Of(_model.FirstStage),
            "",
            1
        );

        var error = Assert.Throws<UserInputException>(() => ModelFile.LoadLatentDiffusion(FilePath).Dispose());
        Assert.Contains("is an autoencoder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_description_is_refused()
    {
        using var tensor = torch.zeros(1);
        SafetensorsWriter.Write(FilePath, [KeyValuePair.Create("a", tensor)], null);

        var error = Assert.Throws<UserInputException>(() => ModelFile.LoadLatentDiffusion(FilePath).Dispose());
        Assert.Contains("does not say which model it is", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _ema.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    private void Write()
    {
        using var scope = torch.NewDisposeScope();
        ModelFile.Write(FilePath, Config, ModelTensors.Of(_model, _ema), "experiment", 7);
    }

    private void AssertRefuses(Action<Dictionary<string, torch.Tensor>> damage, string message)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = ModelTensors.Of(_model, _ema).ToDictionary();
        damage(tensors);
        ModelFile.Write(FilePath, Config, tensors, "", 1);
        using var target = new LatentDiffusionModel(Config) { ScaleFactor = 5 };
        using var ema = new ExponentialMovingAverage(target.UnetParameters());
        var before = Everything(target, ema);

        using var file = SafetensorsFile.Open(FilePath);
        var error = Assert.Throws<UserInputException>(() => ModelTensors.Load(file, target, ema));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(before, Everything(target, ema));
    }

    private static Dictionary<string, byte[]> Everything(LatentDiffusionModel model, ExponentialMovingAverage ema) =>
        ModelTensors.Of(model, ema).ToDictionary(t => t.Key, t => t.Value.bytes.ToArray());

    private static IEnumerable<(string, torch.Tensor)> Pairs(ExponentialMovingAverage ema) =>
        ema.Shadows.Select(s => (s.Key, s.Value));

    private static IEnumerable<(string, torch.Tensor)> Named(torch.nn.Module module) =>
        module.state_dict().Select(e => (e.Key, e.Value));

    private static void AssertSame(
        IEnumerable<(string Name, torch.Tensor Tensor)> expected,
        IEnumerable<(string Name, torch.Tensor Tensor)> actual
    )
    {
        var (all, found) = (expected.ToList(), actual.ToList());
        Assert.NotEmpty(all);
        Assert.Equal(all.Select(e => e.Name), found.Select(e => e.Name));
        Assert.All(all.Zip(found), pair => TensorAssert.Equal(pair.Second.Tensor, pair.First.Tensor));
    }
}
