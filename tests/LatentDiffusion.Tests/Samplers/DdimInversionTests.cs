using LatentDiffusion.Diffusion;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class DdimInversionTests
{
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));

    [Theory]
    [InlineData(SamplingEnd.FirstTimestep)]
    [InlineData(SamplingEnd.Clean)]
    public void The_error_of_the_round_trip_falls_with_the_steps(SamplingEnd end)
    {
        var errors = new[] { 25, 100, 400 }.Select(steps => RoundTrip(steps, end)).ToArray();

        Assert.True(errors[1] < errors[0] / 2, $"{errors[0]}, {errors[1]}");
        Assert.True(errors[2] < errors[1] / 2, $"{errors[1]}, {errors[2]}");
    }

    [Fact]
    public void Encoded_data_looks_like_noise()
    {
        using var scope = torch.NewDisposeScope();
        var levels = SamplingLevels.Create(Schedule, Spacing.Trailing, 200, SamplingEnd.FirstTimestep);
        var noise = DdimInversion.Encode(
            GaussianMixture.Lumps,
            levels,
            GaussianMixture.Lumps.Draw(2000, 1),
            Schedule.First,
            cancellation: TestContext.Current.CancellationToken
        );

        Assert.Equal(0, noise.mean().item<double>(), 0.1);
        Assert.Equal(1, noise.std().item<double>(), 0.1);
    }

    private static double RoundTrip(int steps, SamplingEnd end)
    {
        using var scope = torch.NewDisposeScope();
        var levels = SamplingLevels.Create(Schedule, Spacing.Trailing, steps, end);
        var data = GaussianMixture.Lumps.Draw(50, 1);
        var encoded = DdimInversion.Encode(
            GaussianMixture.Lumps,
            levels,
            data,
            Schedule.First,
            cancellation: TestContext.Current.CancellationToken
        );
        var back = Sampling.Run(new DdimSampler(), GaussianMixture.Lumps, levels, encoded);
        return back.sub(data).abs().mean().item<double>();
    }
}
