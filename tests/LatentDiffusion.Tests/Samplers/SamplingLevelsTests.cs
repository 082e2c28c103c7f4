using LatentDiffusion.Diffusion;
using LatentDiffusion.Samplers;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class SamplingLevelsTests
{
    private static readonly NoiseLevels Linear = new(NoiseSchedule.Create(new NoiseScheduleConfig()));
    private static readonly NoiseLevels Cosine = new(
        NoiseSchedule.Create(new NoiseScheduleConfig { Schedule = BetaSchedule.Cosine })
    );

    public static TheoryData<Spacing> Exact =>
        [Spacing.Uniform, Spacing.Quad, Spacing.Trailing, Spacing.Karras, Spacing.Exponential];

    [Theory]
    [MemberData(nameof(Exact))]
    public void Any_number_of_steps_gives_so_many_falling_levels(Spacing spacing)
    {
        foreach (var schedule in new[] { Linear, Cosine })
        {
            for (var steps = 1; steps <= schedule.Timesteps; steps += steps < 40 || steps > 970 ? 1 : 13)
            {
                foreach (var end in Enum.GetValues<SamplingEnd>())
                {
                    var levels = SamplingLevels.Create(schedule, spacing, steps, end);

                    Assert.Equal(steps + 1, levels.Count);
                    AssertFalling(levels, $"{spacing}, {steps} steps");
                    Assert.InRange(levels[0].Timestep, 0, schedule.Timesteps - 1);
                    Assert.InRange(levels[^2].Timestep, 0, schedule.Timesteps - 1);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Exact))]
    public void A_schedule_without_signal_at_its_end_gives_finite_falling_levels(Spacing spacing)
    {
        // What a zero-terminal-SNR rescaling leaves at the last timestep.
        var schedule = new NoiseLevels([.. Enumerable.Range(1, 100).Select(i => 1 - i / 100.0)]);
        Assert.Equal(0, schedule.Last.Signal);
        for (var steps = 1; steps <= 100; steps++)
        {
            var levels = SamplingLevels.Create(schedule, spacing, steps, SamplingEnd.Clean);
            Assert.Equal(steps + 1, levels.Count);
            AssertFalling(levels, $"{spacing}, {steps} steps");
        }
    }

    [Theory]
    [InlineData(Spacing.Karras)]
    [InlineData(Spacing.Exponential)]
    [InlineData(Spacing.Trailing)]
    public void These_start_at_the_last_timestep(Spacing spacing) =>
        Assert.Equal(Linear.Last, SamplingLevels.Create(Linear, spacing, 7, SamplingEnd.Clean)[0]);

    [Fact]
    public void Karras_levels_are_even_in_the_seventh_root_of_sigma()
    {
        var roots = SamplingLevels
            .Create(Linear, Spacing.Karras, 6, SamplingEnd.Clean)
            .Take(6)
            .Select(level => Math.Pow(level.Sigma, 1 / 7.0))
            .ToArray();

        Assert.Equal(Linear.First, SamplingLevels.Create(Linear, Spacing.Karras, 6, SamplingEnd.Clean)[5]);
        Assert.All(
            roots.Zip(roots.Skip(1), (a, b) => a - b),
            distance => Assert.Equal((roots[0] - roots[5]) / 5, distance, 1e-9)
        );
    }

    [Fact]
    public void The_reference_ends_at_the_first_timestep_unless_it_was_visited()
    {
        Assert.Equal(Linear.First, SamplingLevels.Create(Linear, Spacing.Uniform, 10, SamplingEnd.FirstTimestep)[^1]);
        Assert.True(SamplingLevels.Create(Linear, Spacing.Uniform, 10, SamplingEnd.Clean)[^1].IsClean);
        Assert.True(SamplingLevels.Create(Linear, Spacing.Uniform, 1000, SamplingEnd.FirstTimestep)[^1].IsClean);
    }

    [Theory]
    [InlineData(240, 250)]
    [InlineData(60, 63)]
    [InlineData(50, 50)]
    public void The_reference_spacing_has_the_reference_s_surplus(int steps, int actual) =>
        Assert.Equal(
            Enumerable.Range(0, actual).Select(i => 1 + i * (1000 / steps)),
            SamplingTimesteps.Reference(steps, 1000)
        );

    [Fact]
    public void The_reference_spacing_fails_exactly_where_the_reference_does()
    {
        var failing = Enumerable.Range(1, 1000).Where(Fails).ToArray();

        Assert.Equal(
            [
                3,
                9,
                27,
                36,
                37,
                .. Enumerable.Range(101, 11),
                .. Enumerable.Range(251, 83),
                .. Enumerable.Range(501, 500),
            ],
            failing
        );

        static bool Fails(int steps)
        {
            try
            {
                return SamplingTimesteps.Reference(steps, 1000).Length == 0;
            }
            catch (ArgumentOutOfRangeException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void Quadratic_timesteps_are_the_reference_s()
    {
        var expected = Enumerable.Range(0, 10).Select(i => (int)Math.Pow(Math.Sqrt(800) * i / 9, 2) + 1);

        Assert.Equal(expected, SamplingTimesteps.Quad(10, 1000));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 5)]
    [InlineData(0.79, 7)]
    [InlineData(1, 10)]
    public void Strength_chooses_how_far_up_image_to_image_starts(double strength, int steps)
    {
        var all = SamplingLevels.Create(Linear, Spacing.Uniform, 10, SamplingEnd.FirstTimestep);
        var part = SamplingLevels.Partial(all, strength);

        Assert.Equal(steps + 1, part.Count);
        Assert.Equal(all.TakeLast(steps + 1), part);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Impossible_strengths_are_refused(double strength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SamplingLevels.Partial([NoiseLevel.Clean], strength));

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void Impossible_numbers_of_steps_are_refused(int steps) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            SamplingLevels.Create(Linear, Spacing.Karras, steps, SamplingEnd.Clean)
        );

    private static void AssertFalling(IReadOnlyList<NoiseLevel> levels, string what)
    {
        for (var i = 1; i < levels.Count; i++)
        {
            Assert.True(levels[i].Timestep < levels[i - 1].Timestep, $"{what}: timestep {i}");
            Assert.True(
                levels[i].Noise < levels[i - 1].Noise || levels[i].Signal > levels[i - 1].Signal,
                $"{what}: level {i}"
            );
        }
    }
}
