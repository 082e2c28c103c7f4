using LatentDiffusion.Diffusion;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class NoiseLevelsTests
{
    private static readonly NoiseSchedule Schedule = NoiseSchedule.Create(new NoiseScheduleConfig());

    private readonly NoiseLevels _levels = new(Schedule);

    [Fact]
    public void Whole_timesteps_are_the_table_s()
    {
        for (var t = 0; t < Schedule.Timesteps; t++)
        {
            var level = _levels.At(t);
            Assert.Equal((double)t, level.Timestep);
            Assert.Equal(Math.Sqrt(Schedule.AlphasCumprod[t]), level.Signal);
            Assert.Equal(Math.Sqrt(1 - Schedule.AlphasCumprod[t]), level.Noise);
        }
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(499.5)]
    [InlineData(998.9)]
    public void Between_them_the_log_snr_is_linear_and_leads_back_to_the_timestep(double timestep)
    {
        var (below, above) = (_levels.At(Math.Floor(timestep)), _levels.At(Math.Ceiling(timestep)));
        var level = _levels.At(timestep);
        var share = timestep - Math.Floor(timestep);

        Assert.Equal(below.LogSnr * (1 - share) + above.LogSnr * share, level.LogSnr, 1e-9);
        Assert.Equal(1, level.Signal * level.Signal + level.Noise * level.Noise, 1e-12);
        Assert.Equal(timestep, _levels.AtLogSnr(level.LogSnr).Timestep, 1e-6);
        Assert.Equal(timestep, _levels.AtSigma(level.Sigma).Timestep, 1e-6);
    }

    [Fact]
    public void Beyond_the_table_lie_its_ends()
    {
        Assert.Equal(_levels.First, _levels.AtLogSnr(double.PositiveInfinity));
        Assert.Equal(_levels.Last, _levels.AtLogSnr(double.NegativeInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => _levels.At(1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => _levels.At(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _levels.At(double.NaN));
    }
}
