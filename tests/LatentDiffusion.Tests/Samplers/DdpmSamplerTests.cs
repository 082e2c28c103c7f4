using LatentDiffusion.Diffusion;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class DdpmSamplerTests
{
    private static readonly long[] Shape = [2, 3, 4, 4];
    private static readonly NoiseSchedule Schedule = NoiseSchedule.Create(new NoiseScheduleConfig());

    [Theory]
    [InlineData("p_sample_clip_temp07", new[] { 3, 700 }, true, 0.7)]
    [InlineData("p_sample_t0", new[] { 0, 0 }, false, 1.0)]
    public void A_step_equals_the_reference(string name, int[] timesteps, bool clip, double temperature)
    {
        using var scope = torch.NewDisposeScope();
        using var process = new DiffusionProcess(Schedule);
        var t = torch.tensor([3L, 700L]);
        var noise = FormulaInput.X(Shape, 0.33, Math.Cos);
        var noisy = process.AddNoise(FormulaInput.X(Shape, 0.05), t, noise);
        var levels = new NoiseLevels(Schedule);
        IDenoiser model = clip ? ConstrainedDenoiser.Clip(new WaveModel()) : new WaveModel();

        // The reference takes a timestep per sample, this one per batch.
        var samples = timesteps.Select(
            (timestep, i) =>
                SamplingLoop.Run(
                    new DdpmSampler(),
                    model,
                    [levels.At(timestep), timestep == 0 ? NoiseLevel.Clean : levels.At(timestep - 1)],
                    noisy.narrow(0, i, 1),
                    () => noise.narrow(0, i, 1),
                    new SamplingOptions { Temperature = temperature },
                    TestContext.Current.CancellationToken
                )
        );

        TensorAssert.Close(torch.cat([.. samples]), GoldenCase.Load("diffusion", name).Tensor("out"));
    }

    [Fact]
    public void Over_all_timesteps_the_posterior_is_the_schedule_s()
    {
        using var scope = torch.NewDisposeScope();
        using var process = new DiffusionProcess(Schedule);
        var (clean, noisy) = (FormulaInput.X([1, 3, 4, 4], 0.05), FormulaInput.X([1, 3, 4, 4]));
        var levels = SamplingLevels.Create(new NoiseLevels(Schedule), Spacing.Trailing, 1000, SamplingEnd.Clean);
        foreach (var timestep in new[] { 0, 1, 500, 999 })
        {
            var i = 999 - timestep;
            var next = SamplingLoop.Run(
                new DdpmSampler(),
                new ConstantModel(clean),
                [levels[i], levels[i + 1]],
                noisy,
                () => torch.ones(1, 3, 4, 4),
                cancellation: TestContext.Current.CancellationToken
            );

            var t = torch.tensor([(long)timestep]);
            var expected = process.PosteriorMean(clean, noisy, t).add(Math.Sqrt(Schedule.PosteriorVariance[timestep]));
            TensorAssert.Close(next, expected, 1e-5);
        }
    }

    [Fact]
    public void The_variance_can_be_the_forward_process_s()
    {
        using var scope = torch.NewDisposeScope();
        var levels = new NoiseLevels(Schedule);
        var clean = torch.zeros(1, 1, 2, 2);
        var next = SamplingLoop.Run(
            new DdpmSampler(varianceMix: 1),
            new ConstantModel(clean),
            [levels.At(500), levels.At(499)],
            clean,
            () => torch.ones(1, 1, 2, 2),
            cancellation: TestContext.Current.CancellationToken
        );

        TensorAssert.Close(next, torch.full([1, 1, 2, 2], Math.Sqrt(Schedule.Betas[500])), 1e-5);
    }

    private sealed class ConstantModel(torch.Tensor clean) : IDenoiser
    {
        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level) =>
            new(Parameterization.X0, noisy, level, clean.alias());
    }
}
