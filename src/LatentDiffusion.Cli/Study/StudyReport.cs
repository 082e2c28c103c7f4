using System.Globalization;
using System.Text.Json.Serialization;

namespace LatentDiffusion.Cli.Study;

/// <summary>What <c>ldm study</c> tells.</summary>
/// <param name="head">What was compared.</param>
/// <param name="votes">The votes.</param>
internal sealed class StudyReport(StudyHead head, IReadOnlyList<Vote> votes)
{
    private readonly Preference _preference = new(votes.Count(vote => vote.First), votes.Count);

    public string First => head.First;

    public string Second => head.Second;

    public int Votes => _preference.Votes;

    public int Participants => votes.Select(vote => vote.Participant).Distinct().Count();

    /// <summary>Share of votes for the first; null without votes.</summary>
    public double? FirstPreferred => _preference.Share;

    public double ConfidenceLow => _preference.Low;

    public double ConfidenceHigh => _preference.High;

    [JsonIgnore]
    public string InWords =>
        _preference.Share is { } share
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{First} was preferred to {Second} in {share:p1} of {Votes} votes by {Participants} participants (95 % confidence: "
            ) + string.Create(CultureInfo.InvariantCulture, $"{ConfidenceLow:p1} to {ConfidenceHigh:p1}).")
            : "There are no votes yet.";
}
