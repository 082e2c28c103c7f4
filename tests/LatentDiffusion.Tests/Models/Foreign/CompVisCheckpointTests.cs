using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Conversion;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Models.Foreign;

/// <summary>A complete small checkpoint of the reference with its configuration and what it makes of injected noise.</summary>
public sealed class CompVisCheckpointTests : IDisposable
{
    // Ten steps amplify the rounding of the two programs.
    private const double Tolerance = 1e-4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tiny_ldm.ckpt", true)]
    [InlineData("tiny_ldm.ckpt", false)]
    [InlineData("tiny_ldm.safetensors", true)]
    public void Latents_and_images_equal_the_reference(string name, bool averages)
    {
        using var scope = NewDisposeScope();
        using var model = ModelFile.LoadLatentDiffusion(
            PathOf(name),
            averages,
            new ModelOptions { Config = PathOf("tiny_ldm.yaml") }
        );
        AssertReference(model, averages ? "ema" : "live");
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("averages.ckpt")]
    [InlineData("averages.safetensors")]
    public void So_they_do_after_conversion(string output)
    {
        using var scope = NewDisposeScope();
        ModelConversion.Convert(
            PathOf("tiny_ldm.ckpt"),
            _folder[output],
            new ConversionOptions { Config = PathOf("tiny_ldm.yaml"), Weights = WeightChoice.Ema }
        );
        // A .ckpt says nothing about itself.
        var config = output.EndsWith(".ckpt", StringComparison.Ordinal) ? PathOf("tiny_ldm.yaml") : null;
        using var model = ModelFile.LoadLatentDiffusion(_folder[output], options: new ModelOptions { Config = config });
        AssertReference(model, "ema");
    }

    [Fact]
    public void Without_a_configuration_all_but_the_heads_is_found()
    {
        var copy = _folder["alone.ckpt"];
        File.Copy(PathOf("tiny_ldm.ckpt"), copy);
        using var described = ModelSource.Open(
            PathOf("tiny_ldm.ckpt"),
            new ModelOptions { Config = PathOf("tiny_ldm.yaml") }
        );
        using var detected = ModelSource.Open(copy);

        var expected = (LatentDiffusionModelConfig)described.Config;
        var actual = (LatentDiffusionModelConfig)detected.Config;
        Assert.Equal(expected.Schedule, actual.Schedule);
        Assert.Equal(described.ScaleFactor, detected.ScaleFactor);
        Assert.Equal(expected.Unet.ChannelMult, actual.Unet.ChannelMult);
        Assert.Equal(expected.Unet.AttentionResolutions, actual.Unet.AttentionResolutions);
        Assert.Equal(
            ((TextTransformerConfig)expected.Conditioner!).Depth,
            ((TextTransformerConfig)actual.Conditioner!).Depth
        );
        Assert.Contains(detected.Notes, note => note.Contains("attention heads", StringComparison.Ordinal));
    }

    [Fact]
    public void An_inspection_tells_what_is_in_it()
    {
        var found = ModelInspection.Of(PathOf("tiny_ldm.ckpt"), PathOf("tiny_ldm.yaml"));

        Assert.Equal("ckpt", found.Format);
        Assert.Equal(565, found.Tensors.Count);
        Assert.True(found.Report.IsMatch, string.Join('\n', found.Report.Lines()));
        Assert.Equal(1234, found.AverageUpdates);
        Assert.Equal(0.18215, found.ScaleFactor);
        Assert.Equal(0.012, found.Schedule!.LinearEnd);
        Assert.Contains("numpy.dtype", found.Stubs);
        Assert.Equal("4321", found.Metadata["global_step"]);
        Assert.Contains(found.Modules, m => m.Name == "cond_stage_model");
    }

    private static void AssertReference(LatentDiffusionModel model, string weights)
    {
        using var expected = NpzFile.Open(PathOf("end_to_end_tiny.npz"));
        using var gradients = no_grad();
        var context = Encode(model, expected.Read("in/tokens"));
        var unconditional = Encode(model, expected.Read("in/uncond_tokens"));
        TensorAssert.Close(context.Context!, expected.Read("out/c"), Tolerance);
        TensorAssert.Close(unconditional.Context!, expected.Read("out/uc"), Tolerance);
        var denoiser = ClassifierFreeGuidance.Apply(model.Denoiser, context, unconditional, new GuidanceSettings(5));
        foreach (var name in new[] { "ddim", "plms" })
        {
            var sampler = NamedSampler.Find(name).Create();
            var levels = SamplingLevels.Create(
                new NoiseLevels(model.Process.Schedule),
                Spacing.Uniform,
                10,
                sampler.End
            );
            var latents = Sampling.Run(sampler, denoiser, levels, expected.Read("in/x_T"));
            TensorAssert.Close(latents, expected.Read($"out/{weights}.{name}.z"), Tolerance);
            TensorAssert.Close(model.DecodeScaled(latents), expected.Read($"out/{weights}.{name}.image"), Tolerance);
        }
    }

    // The tokens' numbers are the prompt.
    private static Condition Encode(LatentDiffusionModel model, Tensor tokens) =>
        model.Conditioner!.Encode([
            .. tokens
                .unbind()
                .Select(row => new ConditionInput
                {
                    Prompt = Prompt.Plain(string.Join(' ', row.data<long>().ToArray())),
                }),
        ]);

    private static string PathOf(string name) => SharedData.PathOf(Path.Combine("..", "golden", "checkpoints", name));
}
