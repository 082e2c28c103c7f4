using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Conversion;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Checkpoints;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Models.Conversion;

[Collection(nameof(ProcessWideState))]
public sealed class ModelConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. SmallModels.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_folder_of_diffusers_and_back_gives_identical_tensors(string name)
    {
        SmallModels.Write(name, _folder["model.safetensors"]);

        var there = ModelConversion.Convert(_folder["model.safetensors"], _folder["folder"], new ConversionOptions());
        var back = ModelConversion.Convert(_folder["folder"], _folder["back.safetensors"], new ConversionOptions());

        Assert.True(there.Report.IsMatch, string.Join('\n', there.Report.Lines()));
        Assert.True(back.Report.IsMatch, string.Join('\n', back.Report.Lines()));
        using var expected = SafetensorsFile.Open(_folder["model.safetensors"]);
        using var actual = SafetensorsFile.Open(_folder["back.safetensors"]);
        AssertSame(expected, actual, n => n.Contains('.', StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_converted_model_samples_the_same_latents(string name)
    {
        SmallModels.Write(name, _folder["model.safetensors"]);
        ModelConversion.Convert(_folder["model.safetensors"], _folder["folder"], new ConversionOptions());
        ModelConversion.Convert(_folder["folder"], _folder["back.ckpt"], new ConversionOptions());

        using var scope = NewDisposeScope();
        using var direct = ModelFile.LoadLatentDiffusion(_folder["model.safetensors"]);
        using var folder = ModelFile.LoadLatentDiffusion(_folder["folder"]);
        using var ckpt = ModelFile.LoadLatentDiffusion(_folder["back.ckpt"]);

        Assert.Equal(0.25, direct.ScaleFactor);
        Assert.Equal(0.25, folder.ScaleFactor);
        Assert.Equal(direct.Config.Schedule, folder.Config.Schedule);
        Assert.Equal(direct.Unet.Config.NumHeadChannels, folder.Unet.Config.NumHeadChannels);
        Assert.Equal(ChannelsOf(direct), ChannelsOf(folder));
        var expected = Predict(direct);
        TensorAssert.Equal(Predict(folder), expected);
        TensorAssert.Equal(Predict(ckpt), expected);
    }

    [Fact]
    public void Halved_storage_is_computed_with_in_full()
    {
        SmallModels.Write("unconditional", _folder["model.safetensors"]);
        var half = ModelConversion.Convert(
            _folder["model.safetensors"],
            _folder["half.safetensors"],
            new ConversionOptions { Dtype = ScalarType.Float16 }
        );

        Assert.True(half.Bytes < 0.55 * new FileInfo(_folder["model.safetensors"]).Length);
        using var model = ModelFile.LoadLatentDiffusion(_folder["half.safetensors"]);
        Assert.All(model.Unet.parameters(), p => Assert.Equal(ScalarType.Float32, p.dtype));
        using var file = SafetensorsFile.Open(_folder["half.safetensors"]);
        Assert.Equal(ScalarType.Float32, file.TypeOf("betas"));
        Assert.Equal(ScalarType.Float16, file.TypeOf("model.diffusion_model.out.2.weight"));
        Assert.Equal("1.0.1", file.Metadata["modelspec.sai_model_spec"]);
        Assert.Equal(half.Hash, file.Metadata["modelspec.hash_sha256"]);
        Assert.Matches("^0x[0-9a-f]{64}$", half.Hash);
    }

    [Theory]
    [InlineData("model.safetensors", "copy.ckpt", "again.safetensors")]
    [InlineData("model.safetensors", "copy.safetensors", "again.ckpt")]
    public void Files_hold_all_tensors_whatever_the_format(string from, string between, string to)
    {
        SmallModels.Write("tokens", _folder[from]);
        ModelConversion.Convert(_folder[from], _folder[between], new ConversionOptions());
        ModelConversion.Convert(_folder[between], _folder[to], new ConversionOptions());

        using var expected = WeightsFile.Open(_folder[from]);
        using var actual = WeightsFile.Open(_folder[to]);
        Assert.Equal(
            expected.Shapes.Keys.Order(StringComparer.Ordinal),
            actual.Shapes.Keys.Order(StringComparer.Ordinal)
        );
        AssertSame(expected, actual, _ => true);
    }

    [Fact]
    public void Averages_take_the_place_of_the_weights_where_asked_for()
    {
        using var scope = NewDisposeScope();
        SmallModels.Write("unconditional", _folder["plain.safetensors"]);
        using (var plain = SafetensorsFile.Open(_folder["plain.safetensors"]))
        {
            var all = plain.Shapes.Keys.ToDictionary(n => n, plain.Read);
            foreach (
                var name in plain.Shapes.Keys.Where(n =>
                    n.StartsWith("model.diffusion_model.", StringComparison.Ordinal)
                )
            )
            {
                all["model_ema." + name["model.".Length..].Replace(".", "", StringComparison.Ordinal)] = plain
                    .Read(name)
                    .mul(2);
            }

            all["model_ema.decay"] = tensor(0.9999f);
            all["model_ema.num_updates"] = tensor(12, dtype: int32);
            SafetensorsWriter.Write(_folder["model.safetensors"], all);
        }

        ModelConversion.Convert(_folder["model.safetensors"], _folder["folder"], new ConversionOptions());
        ModelConversion.Convert(
            _folder["model.safetensors"],
            _folder["raw.safetensors"],
            new ConversionOptions { Weights = WeightChoice.Raw }
        );

        const string Name = "model.diffusion_model.input_blocks.0.0.weight";
        using var original = SafetensorsFile.Open(_folder["model.safetensors"]);
        using var raw = SafetensorsFile.Open(_folder["raw.safetensors"]);
        using var averaged = ModelSource.Open(_folder["folder"]);
        TensorAssert.Equal(raw.Read(Name), original.Read(Name));
        TensorAssert.Equal(averaged.Weights.Read(Name), original.Read(Name).mul(2));
        Assert.DoesNotContain(raw.Shapes.Keys, n => n.StartsWith("model_ema.", StringComparison.Ordinal));
        Assert.Equal(12, ModelInspection.Of(_folder["model.safetensors"]).AverageUpdates);
    }

    [Fact]
    public void A_first_stage_alone_goes_to_diffusers_and_back()
    {
        using var scope = NewDisposeScope();
        var config = (VqConfig)SmallModels.Config("unconditional").FirstStage;
        using var firstStage = config.Build();
        SafetensorsWriter.Write(_folder["vq.safetensors"], ModuleState.Of(firstStage));

        ModelConversion.Convert(_folder["vq.safetensors"], _folder["vq"], new ConversionOptions());
        ModelConversion.Convert(_folder["vq"], _folder["back.ckpt"], new ConversionOptions());

        using var expected = WeightsFile.Open(_folder["vq.safetensors"]);
        using var actual = TorchFile.Open(_folder["back.ckpt"]);
        AssertSame(expected, actual, _ => true);
        using var loaded = ModelFile.LoadFirstStage(_folder["vq"]).FirstStage;
        Assert.Equal(2, loaded.DownsamplingFactor);
    }

    [Fact]
    public void What_does_not_fit_is_counted_and_refused()
    {
        using var scope = NewDisposeScope();
        SmallModels.Write("unconditional", _folder["model.safetensors"]);
        using (var file = SafetensorsFile.Open(_folder["model.safetensors"]))
        {
            var tensors = file.Shapes.Keys.ToDictionary(n => n, file.Read);
            tensors.Remove("model.diffusion_model.middle_block.0.in_layers.0.bias");
            tensors["model.diffusion_model.stranger"] = ones(1);
            SafetensorsWriter.Write(_folder["bad.safetensors"], tensors);
        }

        var report = ModelInspection.Of(_folder["bad.safetensors"]).Report;
        Assert.Equal(["model.diffusion_model.middle_block.0.in_layers.0.bias"], report.Missing);
        Assert.Equal(["model.diffusion_model.stranger"], report.Unexpected);
        var refusal = Assert.Throws<UserInputException>(() =>
            ModelConversion.Convert(_folder["bad.safetensors"], _folder["folder"], new ConversionOptions())
        );
        Assert.Contains("1 tensors missing", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["folder"]));
    }

    [Fact]
    public void A_report_shows_ten_names_and_counts_the_rest()
    {
        var report = new TensorReport([.. Enumerable.Range(0, 13).Select(i => $"t{i}")], [], ["u [1] instead of [2]"]);

        var lines = report.Lines().ToList();

        Assert.Equal("13 tensors missing:", lines[0]);
        Assert.Equal("  t9", lines[10]);
        Assert.Equal("  ... and 3 more", lines[11]);
        Assert.Equal(["1 tensors of another shape:", "  u [1] instead of [2]"], lines[12..]);
    }

    private static IEnumerable<SingleConditionerConfig> ChannelsOf(LatentDiffusionModel model) =>
        (model.Config.Conditioner?.Singles ?? []).Where(single => single is not ClipTextConfig);

    private static Tensor Predict(LatentDiffusionModel model)
    {
        using var gradients = no_grad();
        var x = FormulaInput.X([1, model.Unet.Config.InChannels, 8, 8], 0.13);
        var context = model.Unet.Config.ContextDim is { } channels ? FormulaInput.X([1, 4, channels], 0.29) : null;
        return model.DecodeScaled(model.Unet.Forward(x, tensor([17L]), context));
    }

    private static void AssertSame(IWeights expected, IWeights actual, Func<string, bool> counts)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(
            expected.Shapes.Keys.Where(counts).Order(StringComparer.Ordinal),
            actual.Shapes.Keys.Where(counts).Order(StringComparer.Ordinal)
        );
        Assert.All(
            expected.Shapes.Keys.Where(counts),
            name => Assert.True(SafetensorsSamples.Same(expected.Read(name), actual.Read(name)), name)
        );
    }
}
