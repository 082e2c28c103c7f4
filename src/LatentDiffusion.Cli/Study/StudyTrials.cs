using System.IO.Hashing;
using System.Text;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Cli.Study;

/// <summary>A pair as one participant sees it.</summary>
/// <param name="Number">Which of the participant's trials, from 1.</param>
/// <param name="Pair">The pair's name.</param>
/// <param name="FirstIsLeft">On which side the first candidate stands.</param>
internal sealed record StudyTrial(int Number, string Pair, bool FirstIsLeft);

/// <summary>
/// Two-alternative forced choice as in SR3 and LDM (section 4.4): everyone sees every pair once, in an order and on sides of their
/// own. Both follow from the seed and the participant's id, so a study that was stopped goes on.
/// </summary>
/// <param name="pairs">Names of the pairs.</param>
/// <param name="seed">The study's seed.</param>
internal sealed class StudyTrials(IReadOnlyList<string> pairs, long seed)
{
    // "2AFC".
    private const long Purpose = 0x32414643;

    /// <summary>All trials of a participant, in their order.</summary>
    public IReadOnlyList<StudyTrial> Of(string participant)
    {
        var id = unchecked((long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(participant)));
        var random = new RandomStream(DerivedSeed.Of(seed, Purpose, id));
        var order = pairs.ToArray();
        random.Shuffle(order.AsSpan());
        return [.. order.Index().Select(p => new StudyTrial(p.Index + 1, p.Item, random.Uniform() < 0.5))];
    }

    /// <summary>What a participant has to compare next; null when all is done.</summary>
    public StudyTrial? Next(string participant, IEnumerable<Vote> votes)
    {
        var done = votes.Where(vote => vote.Participant == participant).Select(vote => vote.Pair).ToHashSet();
        return Of(participant).FirstOrDefault(trial => !done.Contains(trial.Pair));
    }
}
