using LatentDiffusion.Cli.Experiments.Plans;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

public sealed class BindingsTests
{
    [Fact]
    public void Combinations_are_all_there_the_last_list_changing_fastest() =>
        Assert.Equal(
            ["f=1 b=2 s=x", "f=1 b=2 s=y", "f=4 b=8 s=x", "f=4 b=8 s=y"],
            Bindings
                .Combinations([
                    ["f=1 b=2", "f=4 b=8"],
                    ["s=x", "s=y"],
                ])
                .Select(b => b.Text)
        );

    [Fact]
    public void Without_lists_there_is_one_combination_of_nothing() =>
        Assert.Equal([""], Bindings.Combinations([]).Select(b => b.Text));

    [Fact]
    public void Names_in_braces_are_replaced_and_unknown_ones_refused()
    {
        var bindings = Bindings.Parse("f=4 where=a=b");

        Assert.Equal("train ldm-4.yaml a=b", bindings.Fill("train ldm-{f}.yaml {where}"));
        Assert.Contains(
            "{g}, which has no value there. Known: f, where.",
            Assert.Throws<UserInputException>(() => bindings.Fill("{g}")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<UserInputException>(() => Bindings.Parse("f"));
    }

    [Theory]
    [InlineData("f=4", "f=4 part=2", true)]
    [InlineData("f=4 other=1", "f=4 part=2", true)]
    [InlineData("", "f=4", true)]
    [InlineData("f=1", "f=4 part=2", false)]
    public void What_both_have_must_agree(string one, string other, bool agrees)
    {
        Assert.Equal(agrees, Bindings.Parse(one).AgreesWith(Bindings.Parse(other)));
        Assert.Equal(agrees, Bindings.Parse(other).AgreesWith(Bindings.Parse(one)));
    }
}
