using System.Globalization;
using System.Text.Json.Serialization;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What <c>ldm evaluate samples</c> tells.</summary>
/// <param name="measures">The measurement.</param>
internal sealed class SampleReport(SampleMeasures measures)
{
    private const int Decimals = 6;

    public double Fid => Math.Round(measures.Frechet, Decimals);

    public double Kid => Math.Round(measures.Kernel.Mean, Decimals);

    public double KidStd => Math.Round(measures.Kernel.Deviation, Decimals);

    public double? Precision => measures.Manifolds?.Precision;

    public double? Recall => measures.Manifolds?.Recall;

    public double? Density => measures.Density?.Density;

    public double? Coverage => measures.Density?.Coverage;

    public required int CountReal { get; init; }

    public required int CountSamples { get; init; }

    /// <summary>The network behind the numbers.</summary>
    public required string Features { get; init; }

    /// <summary>Side of the square images that were compared.</summary>
    public required int Size { get; init; }

    /// <summary>How the samples were drawn; null where they were read.</summary>
    public DrawnReport? Drawn { get; init; }

    [JsonIgnore]
    public string InWords
    {
        get
        {
            string[] lines =
            [
                $"{CountSamples} samples and {CountReal} real images at {Size}x{Size}, network {Features}:",
                $"  FID        {Number(Fid)}",
                $"  KID        {Number(Kid)} +- {Number(KidStd)}",
                .. measures.Manifolds is { } manifolds
                    ? [$"  precision  {Number(manifolds.Precision)}", $"  recall     {Number(manifolds.Recall)}"]
                    : Array.Empty<string>(),
                .. measures.Density is { } density
                    ? [$"  density    {Number(density.Density)}", $"  coverage   {Number(density.Coverage)}"]
                    : Array.Empty<string>(),
                .. Drawn is null ? Array.Empty<string>() : [Drawn.InWords],
                "Not comparable with other networks' numbers, nor FID with that of other counts.",
            ];
            return string.Join('\n', lines);
        }
    }

    private static string Number(double value) => value.ToString("f4", CultureInfo.InvariantCulture);
}
