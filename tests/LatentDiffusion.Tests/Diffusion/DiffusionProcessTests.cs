using LatentDiffusion.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class DiffusionProcessTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];

    private readonly torch.Tensor _start = FormulaInput.X(Shape, 0.05);
    private readonly torch.Tensor _noise = FormulaInput.X(Shape, 0.33, Math.Cos);
    private readonly DiffusionProcess _process = new(NoiseSchedule.Create(new NoiseScheduleConfig()));

    public static TheoryData<int> SomeTimesteps => [0, 1, 17, 500, 998, 999];

    [Fact]
    public void Adding_noise_and_the_posterior_equal_the_reference()
    {
        var expected = GoldenCase.Load("diffusion", "ddpm_core");
        using var scope = torch.NewDisposeScope();
        var t = torch.tensor(expected.Integers("t"));

        var noisy = _process.AddNoise(_start, t, _noise);
        TensorAssert.Close(noisy, expected.Tensor("q_sample"));
        TensorAssert.Close(_process.PredictStart(noisy, t, _noise), expected.Tensor("x0_from_noise"));
        TensorAssert.Close(_process.PosteriorMean(_start, noisy, t), expected.Tensor("post_mean"));
        var (variance, logVariance) = _process.PosteriorVariance(t);
        TensorAssert.Close(variance, expected.Tensor("post_var"));
        TensorAssert.Close(logVariance, expected.Tensor("post_logvar"));
    }

    [Theory]
    [MemberData(nameof(SomeTimesteps))]
    public void Start_and_noise_come_back_from_noisy_latents(int timestep)
    {
        using var scope = torch.NewDisposeScope();
        var t = torch.full([2], timestep, dtype: torch.int64);
        var noisy = _process.AddNoise(_start, t, _noise);

        // What is little in the mixture comes back with fewer digits: 84 = 1 / sqrt(abar_999).
        TensorAssert.Close(_process.PredictStart(noisy, t, _noise), _start, 84 * 1e-6);
        TensorAssert.Close(_process.PredictNoise(noisy, t, _start), _noise, 84 * 1e-6);
    }

    [Fact]
    public void Every_sample_has_its_own_timestep()
    {
        using var scope = torch.NewDisposeScope();
        var both = _process.AddNoise(_start, torch.tensor([10L, 900L]), _noise);
        for (var i = 0; i < 2; i++)
        {
            var one = _process.AddNoise(
                _start.narrow(0, i, 1),
                torch.tensor(i == 0 ? [10L] : new[] { 900L }),
                _noise.narrow(0, i, 1)
            );
            TensorAssert.Equal(both.narrow(0, i, 1), one);
        }
    }

    public void Dispose()
    {
        _start.Dispose();
        _noise.Dispose();
        _process.Dispose();
    }
}
