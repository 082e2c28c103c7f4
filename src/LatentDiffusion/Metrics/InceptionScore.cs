using LatentDiffusion.Randomness;
using static TorchSharp.torch;

namespace LatentDiffusion.Metrics;

/// <summary>
/// The inception score of a set of images (Salimans et al. 2016): exp of the mean divergence KL(p(y|x) || p(y)) of a
/// classifier's probabilities. High where every image shows one class clearly and all classes occur; it compares with no
/// real images, and depends on the classifier and on how many images there are.
/// </summary>
public static class InceptionScore
{
    /// <summary>Into how many parts a set is usually divided.</summary>
    public const int UsualSplits = 10;

    // "ISCO"
    private const long Purpose = 0x4953434f;

    /// <summary>The scores of the parts of a set, whose mean and deviation are reported.</summary>
    /// <param name="logits">[N, classes], N at least 1; borrowed.</param>
    /// <param name="seed">Shuffles the set before it is divided.</param>
    /// <param name="splits">How many parts, equal but for one image; no more than images.</param>
    /// <returns>Each from 1 to the number of classes.</returns>
    /// <exception cref="ArgumentException">The shape is another one.</exception>
    public static IReadOnlyList<double> OfSplits(Tensor logits, long seed, int splits = UsualSplits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentOutOfRangeException.ThrowIfLessThan(splits, 1);
        if (logits.dim() != 2 || logits.shape[0] == 0 || logits.shape[1] == 0)
        {
            throw new ArgumentException($"Logits must be [N, classes], not [{string.Join(", ", logits.shape)}].");
        }

        var count = logits.shape[0];
        var order = Enumerable.Range(0, (int)count).Select(i => (long)i).ToArray();
        new RandomStream(DerivedSeed.Of(seed, Purpose)).Shuffle<long>(order);
        var parts = Math.Min(splits, count);
        using var inference = no_grad();
        List<double> scores = [];
        for (var part = 0L; part < parts; part++)
        {
            using var scope = NewDisposeScope();
            var (from, to) = (part * count / parts, (part + 1) * count / parts);
            scores.Add(OfAll(logits.index_select(0, tensor(order[(int)from..(int)to]))));
        }

        return scores;
    }

    private static double OfAll(Tensor logits)
    {
        var logarithms = nn.functional.log_softmax(logits.to(float64, CPU), 1);
        var probabilities = logarithms.exp();
        // A class that never occurs has probability 0 on both sides, and 0 log 0 is 0.
        var divergences = probabilities
            .xlogy(probabilities)
            .sub(probabilities.xlogy(probabilities.mean([0L], keepdim: true)));
        return divergences.sum(1).mean().exp().item<double>();
    }
}
