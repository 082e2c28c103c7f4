using CsCheck;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Errors;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("chanels", "channels")]
    [InlineData("numheads", "num_heads")]
    [InlineData("lr", "lr")]
    [InlineData("rl", "lr")]
    [InlineData("banana", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_found_unless_all_are_far(string given, string? expected) =>
        Assert.Equal(expected, NearestName.Of(given, ["channels", "num_heads", "lr"]));

    [Fact]
    public void Nothing_is_near_when_there_are_no_names() => Assert.Null(NearestName.Of("a", []));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ab", "ba", 1)]
    [InlineData("ca", "abc", 3)]
    public void Distance_counts_slips(string a, string b, int expected) =>
        Assert.Equal(expected, NearestName.Distance(a, b));

    [Fact]
    public void Distance_is_symmetric_and_zero_only_between_equals() =>
        Gen.Select(Gen.String[Gen.Char["abc"], 0, 6], Gen.String[Gen.Char["abc"], 0, 6])
            .Sample(
                (a, b) =>
                    NearestName.Distance(a, b) == NearestName.Distance(b, a)
                    && NearestName.Distance(a, b) == 0 == (a == b)
            );
}
