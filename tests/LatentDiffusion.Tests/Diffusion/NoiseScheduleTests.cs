using LatentDiffusion.Diffusion;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class NoiseScheduleTests
{
    /// <summary>Shape, start, end; abar at 0, 1, 499, 999 and the sum of all, as the reference computes them.</summary>
    public static TheoryData<BetaSchedule, double, double, double[], double> ReferenceValues =>
        new()
        {
            { BetaSchedule.Linear, 1e-4, 2e-2, [.9999, .9997973619, .3331877674, 7.334124596e-4], 422.6557285 },
            { BetaSchedule.Linear, .0015, .0195, [.9985, .9969944271, .1158444908, 1.423039752e-4], 275.3718068 },
            { BetaSchedule.Linear, .0015, .0155, [.9985, .9969956023, .1510774233, 6.686651737e-4], 293.2848141 },
            { BetaSchedule.Linear, .0015, .0205, [.9985, .9969941526, .1085759962, 9.691086681e-5], 271.6339194 },
            { BetaSchedule.Linear, .00085, .012, [.99915, .9982960278, .2776696505, 4.660098513e-3], 373.3766306 },
            { BetaSchedule.Linear, .0015, .015, [.9985, .9969957594, .1563070943, 8.125184711e-4], 295.9481299 },
            { BetaSchedule.Cosine, 0, 0, [.9999587158, .9999125759, .4938435904, 2.428766907e-9], 495.5775126 },
            { BetaSchedule.SqrtLinear, 1e-4, 2e-2, [.9999, .9997800921, .07858724288, 4.035829765e-5], 275.5132334 },
        };

    [Theory]
    [MemberData(nameof(ReferenceValues))]
    public void Cumulative_alphas_equal_the_reference(
        BetaSchedule shape,
        double start,
        double end,
        double[] expected,
        double sum
    )
    {
        var schedule = NoiseSchedule.Create(
            new NoiseScheduleConfig
            {
                Schedule = shape,
                LinearStart = start,
                LinearEnd = end,
            }
        );

        foreach (var (t, value) in new[] { 0, 1, 499, 999 }.Zip(expected))
        {
            AssertRelative(value, schedule.AlphasCumprod[t]);
        }

        AssertRelative(sum, schedule.AlphasCumprod.Sum());
    }

    [Fact]
    public void Posterior_log_variance_equals_the_reference()
    {
        var expected = GoldenCase.Load("diffusion", "ddpm_core").Case("posterior_log_variance_clipped_idx");
        var schedule = NoiseSchedule.Create(new NoiseScheduleConfig());

        foreach (var t in new[] { 0, 1, 500, 999 })
        {
            // The reference printed a float32.
            Assert.Equal(expected.Number($"{t}"), schedule.PosteriorLogVarianceClipped[t], 4e-6);
        }
    }

    [Theory]
    [InlineData(BetaSchedule.Linear)]
    [InlineData(BetaSchedule.SqrtLinear)]
    [InlineData(BetaSchedule.Sqrt)]
    [InlineData(BetaSchedule.Cosine)]
    public void Signal_falls_at_every_step(BetaSchedule shape)
    {
        var config = new NoiseScheduleConfig { Schedule = shape };
        var alphas = NoiseSchedule.Create(config).AlphasCumprod;

        Assert.Equal(config.Timesteps, alphas.Count);
        Assert.All(alphas.Zip(alphas.Skip(1)), pair => Assert.True(pair.First > pair.Second && pair.Second > 0));
    }

    [Fact]
    public void One_timestep_is_a_schedule() =>
        Assert.Equal(
            [0.0015],
            NoiseSchedule.Create(new NoiseScheduleConfig { Timesteps = 1 }).Betas.Select(b => Math.Round(b, 15))
        );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Variances_outside_0_to_1_are_refused(double beta) =>
        Assert.Throws<ArgumentException>(() => new NoiseSchedule([0.1, beta]));

    [Fact]
    public void No_variances_are_refused() => Assert.Throws<ArgumentException>(() => new NoiseSchedule([]));

    [Fact]
    public void Given_variances_are_taken_as_they_are()
    {
        var config = new NoiseScheduleConfig { Betas = [0.1, 0.2, 0.3] };

        Assert.Equal([0.1, 0.2, 0.3], NoiseSchedule.Create(config).Betas);
        Assert.Empty(config.Check());
        Assert.Single(new NoiseScheduleConfig { Betas = [] }.Check());
    }

    [Theory]
    [InlineData(BetaSchedule.Linear)]
    [InlineData(BetaSchedule.Cosine)]
    public void Rescaled_schedules_end_in_pure_noise_and_stay_finite(BetaSchedule shape)
    {
        var config = new NoiseScheduleConfig { Schedule = shape, ZeroTerminalSnr = true };
        var (plain, rescaled) = (
            NoiseSchedule.Create(config with { ZeroTerminalSnr = false }),
            NoiseSchedule.Create(config)
        );

        Assert.True(rescaled.HasZeroTerminalSnr);
        Assert.Equal(0, rescaled.AlphasCumprod[^1]);
        Assert.Equal(1, rescaled.Betas[^1]);
        Assert.Equal(plain.AlphasCumprod[0], rescaled.AlphasCumprod[0], 1e-12);
        var (first, last) = (Math.Sqrt(plain.AlphasCumprod[0]), Math.Sqrt(plain.AlphasCumprod[^1]));
        Assert.Equal(
            (Math.Sqrt(plain.AlphasCumprod[400]) - last) * first / (first - last),
            Math.Sqrt(rescaled.AlphasCumprod[400]),
            1e-12
        );
        Assert.All(
            rescaled.NamedTables(),
            t => Assert.All(t.Values, v => Assert.True(float.IsFinite((float)v), t.Name))
        );
    }

    [Fact]
    public void The_reverse_variance_lies_between_the_posteriors_and_beta()
    {
        var (none, half, all) = (Variance(0), Variance(0.5), Variance(1));
        var betas = NoiseSchedule.Create(new NoiseScheduleConfig()).Betas;

        Assert.Equal(0, none[0]);
        Assert.Equal(betas, all);
        Assert.All(Enumerable.Range(0, 1000), t => Assert.Equal((none[t] + all[t]) / 2, half[t], 1e-15));

        IReadOnlyList<double> Variance(double share) =>
            NoiseSchedule.Create(new NoiseScheduleConfig { VPosterior = share }).PosteriorVariance;
    }

    [Fact]
    public void One_step_cannot_be_rescaled()
    {
        var config = new NoiseScheduleConfig { Timesteps = 1, ZeroTerminalSnr = true };

        Assert.Single(config.Check());
        Assert.Throws<ArgumentException>(() => NoiseSchedule.Create(config));
    }

    private static void AssertRelative(double expected, double actual) =>
        Assert.Equal(expected, actual, 1e-9 * Math.Abs(expected));
}
