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

    /// <summary>Null where the network has no spatial features.</summary>
    public double? Sfid => measures.SpatialFrechet is { } distance ? Math.Round(distance, Decimals) : null;

    public double Kid => Math.Round(measures.Kernel.Mean, Decimals);

    /// <summary>The standard error of <see cref="Kid"/>; null with fewer than three images in a set.</summary>
    public double? KidSe => measures.Kernel.StandardError is { } error ? Math.Round(error, Decimals) : null;

    /// <summary>The deviation over subsets; null where both sets were taken whole.</summary>
    public double? KidStd => measures.Kernel.Deviation is { } deviation ? Math.Round(deviation, Decimals) : null;

    /// <summary>Of the samples; null where the network knows no classes.</summary>
    public double? InceptionScore => measures.InceptionScore is { } score ? Math.Round(score.Mean, Decimals) : null;

    public double? InceptionScoreStd =>
        measures.InceptionScore is { } score ? Math.Round(score.Deviation, Decimals) : null;

    public double? Precision => measures.Manifolds?.Precision;

    public double? Recall => measures.Manifolds?.Recall;

    public double? Density => measures.Density?.Density;

    public double? Coverage => measures.Density?.Coverage;

    /// <summary>Of how many real images precision, recall, density and coverage are.</summary>
    public int? PrecisionReal => measures.Manifolds is null ? null : measures.RealInManifolds;

    /// <summary>Of how many samples precision, recall, density and coverage are.</summary>
    public int? PrecisionSamples => measures.Manifolds is null ? null : measures.SamplesInManifolds;

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
            var rows = Rows().ToList();
            var width = rows.Max(row => row.Label.Length);
            return string.Join(
                '\n',
                [
                    $"{CountSamples} samples and {CountReal} real images at {Size}x{Size}, network {Features}:",
                    .. rows.Select(row => $"  {row.Label.PadRight(width)}  {row.Value}"),
                    .. ManifoldsInWords(),
                    .. Drawn is null ? Array.Empty<string>() : [Drawn.InWords],
                    "Not comparable with other networks' numbers, nor FID, sFID and IS with those of other counts.",
                ]
            );
        }
    }

    private IEnumerable<(string Label, string Value)> Rows()
    {
        yield return Row("FID", Number(Fid));
        if (Sfid is { } spatial)
        {
            yield return Row("sFID", Number(spatial));
        }

        yield return Row("KID", KidSe is { } error ? $"{Number(Kid)} +- {Number(error)}" : Number(Kid));
        if (measures.InceptionScore is { } score)
        {
            yield return Row("IS", $"{Number(score.Mean)} +- {Number(score.Deviation)}");
        }

        if (measures.Manifolds is { } manifolds)
        {
            yield return Row("precision", Number(manifolds.Precision));
            yield return Row("recall", Number(manifolds.Recall));
        }

        if (measures.Density is { } density)
        {
            yield return Row("density", Number(density.Density));
            yield return Row("coverage", Number(density.Coverage));
        }
    }

    // The counts matter to these, and are less than what was read where that is much.
    private IEnumerable<string> ManifoldsInWords()
    {
        if (PrecisionReal < CountReal || PrecisionSamples < CountSamples)
        {
            yield return $"Precision, recall, density and coverage: {PrecisionSamples} samples and {PrecisionReal} real "
                + "images, evenly spaced.";
        }
    }

    // No figure without the network that it was measured with.
    private (string Label, string Value) Row(string measure, string value) => ($"{measure}[{Features}@{Size}]", value);

    private static string Number(double value) => value.ToString("f4", CultureInfo.InvariantCulture);
}
