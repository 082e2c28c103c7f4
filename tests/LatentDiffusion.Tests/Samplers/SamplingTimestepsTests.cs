using LatentDiffusion.Samplers;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class SamplingTimestepsTests
{
    private const int Timesteps = 1000;

    [Fact]
    public void Any_number_of_steps_gives_so_many_rising_timesteps_in_range()
    {
        for (var steps = 1; steps <= Timesteps; steps++)
        {
            var chosen = SamplingTimesteps.Uniform(steps, Timesteps);

            Assert.Equal(steps, chosen.Length);
            Assert.All(chosen, t => Assert.InRange(t, 0, Timesteps - 1));
            Assert.True(chosen.Zip(chosen.Skip(1)).All(pair => pair.First < pair.Second), $"{steps} steps");
        }
    }

    [Fact]
    public void Divisors_give_the_reference_timesteps()
    {
        foreach (var steps in Enumerable.Range(1, Timesteps - 1).Where(s => Timesteps % s == 0))
        {
            Assert.Equal(
                Enumerable.Range(0, steps).Select(i => 1 + i * (Timesteps / steps)),
                SamplingTimesteps.Uniform(steps, Timesteps)
            );
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void Impossible_numbers_of_steps_are_refused(int steps) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SamplingTimesteps.Uniform(steps, Timesteps));
}
