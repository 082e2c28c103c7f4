using LatentDiffusion.Cli.Study;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Study;

public sealed class StudyTests : IDisposable
{
    private static readonly StudyHead Head = new("a", "b", "Which?", 5);
    private static readonly string[] Pairs = [.. Enumerable.Range(0, 40).Select(i => $"pair {i}")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Wilson (1927); values of statsmodels' proportion_confint(method="wilson").
    [Theory]
    [InlineData(0, 10, 0.0, 0.2775)]
    [InlineData(5, 10, 0.2366, 0.7634)]
    [InlineData(10, 10, 0.7225, 1.0)]
    [InlineData(706, 1000, 0.6770, 0.7334)]
    public void The_confidence_interval_is_Wilsons(int first, int votes, double low, double high)
    {
        var preference = new Preference(first, votes);

        Assert.Equal((double)first / votes, preference.Share!.Value, 12);
        Assert.Equal(low, preference.Low, 4);
        Assert.Equal(high, preference.High, 4);
    }

    [Fact]
    public void Without_votes_nothing_is_known()
    {
        var none = new Preference(0, 0);

        Assert.Null(none.Share);
        Assert.Equal((0, 1), (none.Low, none.High));
    }

    [Fact]
    public void Everyone_sees_every_pair_once_in_an_order_and_on_sides_of_their_own()
    {
        var trials = new StudyTrials(Pairs, seed: 5);
        var (one, other) = (trials.Of("one"), trials.Of("other"));

        Assert.Equal(Pairs.Order(), one.Select(t => t.Pair).Order());
        Assert.Equal(Enumerable.Range(1, Pairs.Length), one.Select(t => t.Number));
        Assert.NotEqual(one.Select(t => t.Pair), other.Select(t => t.Pair));
        Assert.Equal(one, new StudyTrials(Pairs, seed: 5).Of("one"));
        Assert.NotEqual(one, new StudyTrials(Pairs, seed: 6).Of("one"));
        var left = Enumerable.Range(0, 50).SelectMany(p => trials.Of($"p{p}")).Average(t => t.FirstIsLeft ? 1.0 : 0);
        Assert.Equal(0.5, left, 0.05);
    }

    [Fact]
    public void What_was_voted_on_does_not_come_again()
    {
        var trials = new StudyTrials(["x", "y"], seed: 5);
        var first = trials.Next("one", [])!;
        var second = trials.Next("one", [Cast("one", first.Pair)])!;

        Assert.NotEqual(first.Pair, second.Pair);
        Assert.Equal(first, trials.Next("one", [Cast("other", first.Pair)]));
        Assert.Null(trials.Next("one", [Cast("one", "x"), Cast("one", "y")]));
    }

    [Fact]
    public void Votes_survive_and_a_line_that_was_cut_off_is_left_out()
    {
        var path = _folder["votes.jsonl"];
        using (var votes = VoteFile.Open(path, Head))
        {
            votes.Add(Cast("one", "x"));
            votes.Add(Cast("one", "y") with { First = false });
        }

        File.AppendAllText(path, "{\"time\":\"2026");
        using (var again = VoteFile.Open(path, Head))
        {
            Assert.Equal(["x", "y"], again.Votes.Select(v => v.Pair));
            again.Add(Cast("two", "x"));
            Assert.Equal((2, 3), (again.Preference.First, again.Preference.Votes));
        }

        Assert.Equal(3, VoteFile.Read(path).Votes.Count);
    }

    [Fact]
    public void Votes_of_another_study_and_files_that_are_none_are_refused()
    {
        var path = _folder["votes.jsonl"];
        VoteFile.Open(path, Head).Dispose();
        File.WriteAllText(_folder["other.jsonl"], "{\"first\":\"a\"}\n");

        var other = Assert.Throws<UserInputException>(() => VoteFile.Open(path, Head with { First = "c" }));
        Assert.Contains("holds votes of another study (a against b, seed 5)", other.Message, StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => VoteFile.Open(_folder["other.jsonl"], Head));
        Assert.Throws<UserInputException>(() => VoteFile.Read(_folder["none.jsonl"]));
    }

    private static Vote Cast(string participant, string pair) =>
        new(
            new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            participant,
            pair,
            First: true,
            FirstWasLeft: true,
            900
        );
}
