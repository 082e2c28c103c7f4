using LatentDiffusion.Metrics;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Metrics;

public sealed class InceptionScoreTests
{
    [Fact]
    public void Certain_predictions_of_all_classes_score_the_number_of_classes()
    {
        using var logits = eye(8).mul(1000);

        Assert.Equal(8, Assert.Single(InceptionScore.OfSplits(logits, seed: 1, splits: 1)), 1e-9);
    }

    [Fact]
    public void Equal_predictions_score_1_whatever_they_are()
    {
        using var logits = randn(1, 7).expand(40, 7);

        Assert.All(InceptionScore.OfSplits(logits, seed: 1), score => Assert.Equal(1, score, 1e-9));
    }

    [Fact]
    public void Two_classes_told_apart_with_doubt_follow_the_closed_form()
    {
        // Probabilities 0.8 and 0.2 for one half, the reverse for the other: ln 2 minus the entropy of (0.8, 0.2).
        var odds = (float)Math.Log(4);
        using var logits = tensor(new[] { odds, 0, 0, odds, odds, 0, 0, odds }, [4, 2]);
        var expected = Math.Exp(Math.Log(2) + 0.8 * Math.Log(0.8) + 0.2 * Math.Log(0.2));

        Assert.Equal(expected, Assert.Single(InceptionScore.OfSplits(logits, seed: 3, splits: 1)), 1e-6);
    }

    [Fact]
    public void A_set_is_the_definition_and_constants_added_to_logits_change_nothing()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var logits = randn(50, 6).mul(3);

        var score = InceptionScore.OfSplits(logits, seed: 0, splits: 1)[0];

        Assert.Equal(Definition(logits), score, 1e-9);
        Assert.Equal(score, InceptionScore.OfSplits(logits.to(float64).add(100), seed: 0, splits: 1)[0], 1e-9);
        Assert.Equal(score, InceptionScore.OfSplits(logits.flip(0), seed: 0, splits: 1)[0], 1e-9);
    }

    [Fact]
    public void Parts_hold_every_image_once_and_the_seed_divides()
    {
        using var scope = NewDisposeScope();
        // Every image is of a class of its own: a part scores the number of its images.
        var logits = eye(25).mul(1000);

        var scores = InceptionScore.OfSplits(logits, seed: 2);

        Assert.Equal([2, 2, 2, 2, 2, 3, 3, 3, 3, 3], scores.Select(s => (int)Math.Round(s)).Order());
        random.manual_seed(6);
        var some = randn(40, 3);
        Assert.Equal(InceptionScore.OfSplits(some, seed: 1), InceptionScore.OfSplits(some, seed: 1));
        Assert.NotEqual(InceptionScore.OfSplits(some, seed: 1), InceptionScore.OfSplits(some, seed: 2));
        Assert.Equal([1.0, 1.0, 1.0], InceptionScore.OfSplits(randn(3, 4), seed: 1).Select(s => Math.Round(s, 9)));
    }

    [Fact]
    public void Other_shapes_are_refused()
    {
        using var scope = NewDisposeScope();

        Assert.Throws<ArgumentException>(() => InceptionScore.OfSplits(zeros(4), seed: 0));
        Assert.Throws<ArgumentException>(() => InceptionScore.OfSplits(zeros(0, 4), seed: 0));
    }

    // exp(mean over images of sum over classes of p ln(p / q)), number by number.
    private static double Definition(Tensor logits)
    {
        var (count, classes) = ((int)logits.shape[0], (int)logits.shape[1]);
        var values = logits.data<float>().ToArray();
        var rows = Enumerable
            .Range(0, count)
            .Select(i => Softmax(values.AsSpan(i * classes, classes).ToArray()))
            .ToList();
        var marginal = Enumerable.Range(0, classes).Select(c => rows.Average(row => row[c])).ToArray();
        return Math.Exp(rows.Average(row => row.Zip(marginal, (p, q) => p * Math.Log(p / q)).Sum()));
    }

    private static double[] Softmax(float[] logits)
    {
        var powers = logits.Select(v => Math.Exp(v)).ToArray();
        return [.. powers.Select(p => p / powers.Sum())];
    }
}
