using System.Globalization;
using System.Text.Json.Serialization;
using LatentDiffusion.Pipelines.Obedience;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What <c>ldm evaluate captions</c> tells.</summary>
/// <param name="obedience">The measurement.</param>
internal sealed class ObedienceReport(CaptionObedience obedience)
{
    public ObedienceRate Captions => obedience.Captions;

    public ObedienceRate? Classes => obedience.Classes;

    public ObedienceRate? ClassesOfReal => obedience.ClassesOfReal;

    public required int Candidates { get; init; }

    public required double Guidance { get; init; }

    public required string Sampler { get; init; }

    /// <summary>The network behind the numbers.</summary>
    public required string Features { get; init; }

    [JsonIgnore]
    public string InWords
    {
        get
        {
            string[] lines =
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Captions.Of} captions, {Sampler}, guidance {Guidance}, judged by the network {Features}:"
                ),
                $"  own caption of {Candidates}   {Line(Captions)}",
                .. Classes is null ? Array.Empty<string>() : [$"  class of nearest    {Line(Classes)}"],
                .. ClassesOfReal is null ? Array.Empty<string>() : [$"  the same of real    {Line(ClassesOfReal)}"],
            ];
            return string.Join('\n', lines);
        }
    }

    private static string Line(ObedienceRate rate) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{rate.Share:p1} +- {rate.StandardError:p1} ({rate.Right} of {rate.Of}; chance {rate.Chance:p1})"
        );
}
