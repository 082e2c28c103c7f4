using LatentDiffusion.Errors;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>
/// Whether samples show what their captions say, judged by the real images that the captions belong to, as a feature network
/// sees them.
/// </summary>
/// <param name="Captions">
/// How often a sample is nearer to its own caption's real image than to those of other captions of the same class.
/// </param>
/// <param name="Classes">
/// How often the real image nearest to a sample is of the class of its caption; null without classes.
/// </param>
/// <param name="ClassesOfReal">The same of real images, with the others: what the judge reaches on the best of samples.</param>
public sealed record CaptionObedience(ObedienceRate Captions, ObedienceRate? Classes, ObedienceRate? ClassesOfReal)
{
    // "OBEY".
    private const long Purpose = 0x4f424559;

    /// <summary>Judges samples.</summary>
    /// <param name="samples">Features of the samples.</param>
    /// <param name="real">Features of the real images: number i belongs to the caption of sample i.</param>
    /// <param name="classes">The real images' classes, or null for none.</param>
    /// <param name="candidates">From how many captions, its own among them, a sample's is to be told; at least 2.</param>
    /// <param name="seed">Chooses the other captions.</param>
    /// <exception cref="UserInputException">A class has fewer images than there are to be candidates.</exception>
    public static CaptionObedience Of(
        ImageFeatures samples,
        ImageFeatures real,
        IReadOnlyList<string>? classes,
        int candidates,
        long seed
    )
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(real);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(samples.Count, real.Count);
        var peers = PeersOf(classes ?? [.. Enumerable.Repeat("", real.Count)], candidates);
        var toReal = NearestClass.Distances(samples, real);
        var captions = Enumerable
            .Range(0, real.Count)
            .Count(i => Others(peers[i], i, candidates - 1, seed).All(other => toReal[i, i] < toReal[i, other]));
        return new CaptionObedience(
            new ObedienceRate(captions, real.Count, 1.0 / candidates),
            classes is null ? null : NearestClass.Rate(toReal, classes, classes, (_, _) => true),
            classes is null
                ? null
                : NearestClass.Rate(NearestClass.Distances(real, real), classes, classes, (i, j) => i != j)
        );
    }

    private static int[][] PeersOf(IReadOnlyList<string> classes, int candidates)
    {
        var groups = classes.Index().GroupBy(c => c.Item, c => c.Index).ToDictionary(g => g.Key, g => g.ToArray());
        var small = groups.FirstOrDefault(group => group.Value.Length < candidates);
        return small.Value is null
            ? [.. classes.Select(c => groups[c])]
            : throw new UserInputException(
                $"There are {small.Value.Length} captions{(small.Key.Length > 0 ? $" of '{small.Key}'" : "")}, fewer than "
                    + $"{candidates} candidates: use more images, or fewer candidates."
            );
    }

    private static IEnumerable<int> Others(int[] peers, int own, int count, long seed)
    {
        var random = new RandomStream(DerivedSeed.Of(seed, Purpose, own));
        return peers
            .Where(peer => peer != own)
            .Select(peer => (Peer: peer, Order: random.Uniform()))
            .OrderBy(p => p.Order)
            .Take(count)
            .Select(p => p.Peer);
    }
}
