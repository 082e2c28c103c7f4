using LatentDiffusion.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class ClassifierFreeGuidanceTests : IDisposable
{
    private readonly WaveModel _model = new();
    private readonly torch.Tensor _noisy = FormulaInput.X([2, 3, 4, 4]);
    private readonly torch.Tensor _timesteps = torch.tensor([17L, 503L]);
    private readonly Condition _condition = new(Labels: torch.tensor([1L, 2L]));
    private readonly Condition _unconditional = new(Labels: torch.tensor([5L, 5L]));

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Scale_1_is_conditional_and_0_unconditional(double scale)
    {
        using var guided = new ClassifierFreeGuidance(_model, _condition, _unconditional, scale).PredictNoise(
            _noisy,
            _timesteps
        );
        using var plain = _model.PredictNoise(_noisy, _timesteps, scale == 1 ? _condition : _unconditional);

        TensorAssert.Close(guided, plain, 1e-6);
    }

    [Fact]
    public void Scale_3_triples_the_difference_in_one_call_of_the_model()
    {
        using var scope = torch.NewDisposeScope();
        var plain = _model.PredictNoise(_noisy, _timesteps, _unconditional);
        var conditional = _model.PredictNoise(_noisy, _timesteps, _condition);
        _model.Batches.Clear();

        var guided = ClassifierFreeGuidance
            .Apply(_model, _condition, _unconditional, 3)
            .PredictNoise(_noisy, _timesteps);

        TensorAssert.Close(guided, plain.add(conditional.sub(plain).mul(3)), 1e-6);
        Assert.Equal([4], _model.Batches);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public void Where_guidance_changes_nothing_the_model_runs_once_per_image(double scale, bool hasUnconditional)
    {
        using var predicted = ClassifierFreeGuidance
            .Apply(_model, _condition, hasUnconditional ? _unconditional : null, scale)
            .PredictNoise(_noisy, _timesteps);

        Assert.Equal([2], _model.Batches);
    }

    [Fact]
    public void Conditions_of_different_forms_are_refused() =>
        Assert.Throws<ArgumentException>(() => Condition.Concatenate(_condition, Condition.None));

    public void Dispose()
    {
        _noisy.Dispose();
        _timesteps.Dispose();
        _condition.Labels!.Dispose();
        _unconditional.Labels!.Dispose();
    }
}
