using LatentDiffusion.Cli.Experiments;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

public sealed class LogTicksTests
{
    [Fact]
    public void Few_values_are_told_themselves() =>
        Assert.Equal([10, 20, 50, 100, 200], LogTicks.Told([10, 20, 50, 100, 200]));

    [Fact]
    public void Of_many_values_the_round_numbers_between_them_are_told() =>
        Assert.Equal([2, 5, 10], LogTicks.Told([1.7, 2.2, 3.1, 4.4, 5.6, 7.1, 9.9, 11.3, 13.8]));

    [Fact]
    public void Round_numbers_reach_as_far_as_the_values_and_below_one() =>
        Assert.Equal([0.2, 0.5, 1, 2], LogTicks.Round([0.2, 3]).Select(tick => Math.Round(tick, 9)));

    [Theory]
    [InlineData(3.05, 4.9)]
    [InlineData(30, 90)]
    [InlineData(7, 7)]
    public void A_narrow_range_is_left_to_an_automatic_choice(double least, double most) =>
        Assert.Empty(LogTicks.Round([least, most]));

    [Fact]
    public void No_values_need_no_ticks() => Assert.Empty(LogTicks.Round([]));
}
