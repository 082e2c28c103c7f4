using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Guidance;

public sealed class ClassifierFreeGuidanceTests : IDisposable
{
    private static readonly NoiseLevel Level = NoiseLevel.FromAlphaCumprod(503, 0.3);

    private readonly WaveModel _model = new();
    private readonly torch.Tensor _noisy = FormulaInput.X([2, 3, 4, 4]);
    private readonly Condition _condition = new(Labels: torch.tensor([1L, 2L]));
    private readonly Condition _unconditional = new(Labels: torch.tensor([5L, 5L]));

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Scale_1_is_conditional_and_0_unconditional(double scale)
    {
        using var scope = torch.NewDisposeScope();
        var guided = new ClassifierFreeGuidance(_model, _condition, _unconditional, new GuidanceSettings(scale));
        var plain = _model.Denoise(_noisy, Level, scale == 1 ? _condition : _unconditional);

        TensorAssert.Close(guided.Denoise(_noisy, Level).Noise, plain.Noise, 1e-6);
        TensorAssert.Close(guided.Denoise(_noisy, Level).Clean, plain.Clean, 1e-6);
    }

    [Fact]
    public void Scale_3_triples_the_difference_in_one_call_of_the_model()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Extrapolated(3);
        _model.Batches.Clear();

        var guided = Guided(new GuidanceSettings(3)).Denoise(_noisy, Level);

        TensorAssert.Close(guided.Noise, expected, 1e-6);
        Assert.Equal([4], _model.Batches);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public void Where_guidance_changes_nothing_the_model_runs_once_per_image(double scale, bool hasUnconditional)
    {
        using var scope = torch.NewDisposeScope();
        ClassifierFreeGuidance
            .Apply(_model, _condition, hasUnconditional ? _unconditional : null, new GuidanceSettings(scale))
            .Denoise(_noisy, Level);

        Assert.Equal([2], _model.Batches);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Rescaling_brings_back_the_conditional_prediction_s_spread(double share)
    {
        using var scope = torch.NewDisposeScope();
        var conditional = _model.Denoise(_noisy, Level, _condition).Noise;
        var plain = Extrapolated(3);

        var rescaled = Guided(new GuidanceSettings(3, Rescale: share)).Denoise(_noisy, Level).Noise;

        foreach (var i in new[] { 0, 1 })
        {
            var (wanted, before) = (Deviation(conditional, i), Deviation(plain, i));
            Assert.Equal(share * wanted + (1 - share) * before, Deviation(rescaled, i), 1e-5);
        }
    }

    [Theory]
    [InlineData(504, 999, 2)]
    [InlineData(0, 502, 2)]
    [InlineData(503, 503, 4)]
    public void Guidance_acts_within_its_interval_alone(double from, double to, long batch)
    {
        using var scope = torch.NewDisposeScope();
        var guided = Guided(new GuidanceSettings(3, Interval: new GuidanceInterval(from, to)));
        _model.Batches.Clear();

        var noise = guided.Denoise(_noisy, Level).Noise;

        Assert.Equal([batch], _model.Batches);
        TensorAssert.Close(noise, batch == 4 ? Extrapolated(3) : _model.Denoise(_noisy, Level, _condition).Noise, 1e-6);
    }

    [Fact]
    public void Conditions_of_different_forms_are_refused() =>
        Assert.Throws<ArgumentException>(() => Condition.Concatenate(_condition, Condition.None));

    public void Dispose()
    {
        _noisy.Dispose();
        _condition.Labels!.Dispose();
        _unconditional.Labels!.Dispose();
    }

    private IDenoiser Guided(GuidanceSettings settings) =>
        ClassifierFreeGuidance.Apply(_model, _condition, _unconditional, settings);

    private torch.Tensor Extrapolated(double scale)
    {
        var plain = _model.Denoise(_noisy, Level, _unconditional).Noise;
        return plain.add(_model.Denoise(_noisy, Level, _condition).Noise.sub(plain).mul(scale));
    }

    private static double Deviation(torch.Tensor batch, int i) => batch.narrow(0, i, 1).std().item<float>();
}
