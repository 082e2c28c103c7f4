using System.Globalization;
using System.Text.Json.Serialization;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What the verbs that measure reconstructions say; null is what could not be measured.</summary>
internal sealed record ReconstructionReport
{
    private readonly ReconstructionSummary _summary;

    public ReconstructionReport(ReconstructionSummary summary) => _summary = summary;

    public double? Psnr => Finite(_summary.Psnr.Mean);

    public double? PsnrStd => Finite(_summary.Psnr.Deviation);

    public double? Ssim => Finite(_summary.Ssim?.Mean);

    public double? Lpips => Finite(_summary.Lpips?.Mean);

    public double? LpipsStd => Finite(_summary.Lpips?.Deviation);

    public double? Psim => Finite(_summary.Psim?.Mean);

    public double? Rfid => Finite(_summary.Rfid);

    public double? Mae => Finite(_summary.AbsoluteError.Mean);

    public int Count => _summary.Count;

    /// <summary>The network behind the perceptual numbers.</summary>
    public string? Features => _summary.Features;

    /// <summary>Side of the square images, or null when they were taken as they are.</summary>
    public int? Size { get; init; }

    public string? Sheet { get; init; }

    /// <summary>The folder of the written reconstructions.</summary>
    public string? Saved { get; init; }

    public string? Model { get; init; }

    [JsonIgnore]
    public string InWords
    {
        get
        {
            var images = Count == 1 ? "1 image" : $"{Count} images";
            var shape = Size is { } side ? $" at {side}x{side}" : "";
            string?[] lines =
            [
                $"{images}{shape}:",
                Line("PSNR", _summary.Psnr, "f2", " dB"),
                Line("SSIM", _summary.Ssim, "f4", ""),
                Line("error", _summary.AbsoluteError, "f2", " of 255"),
                Line("LPIPS", _summary.Lpips, "f4", With(Features)),
                Line("PSIM", _summary.Psim, "f4", With(Features)),
                Rfid is { } rfid
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"  rFID   {rfid:f4}{With(Features)}; not comparable with other networks' numbers"
                    )
                    : null,
                Sheet is null ? null : $"Sheet: {Sheet}",
                Saved is null ? null : $"Reconstructions: {Saved}",
            ];
            return string.Join('\n', lines.OfType<string>());
        }
    }

    private static string With(string? features) => $" (network {features})";

    private static string? Line(string name, MeanAndDeviation? value, string format, string unit)
    {
        return value switch
        {
            null => null,
            { Mean: double.PositiveInfinity } => $"  {name, -6} infinite: an image equals its reconstruction",
            _ => $"  {name, -6} {Number(value.Mean)} +- {Number(value.Deviation)}{unit}",
        };

        string Number(double number) => number.ToString(format, CultureInfo.InvariantCulture);
    }

    // JSON has no infinity, which the PSNR of equal images is.
    private static double? Finite(double? value) =>
        value is { } number && double.IsFinite(number) ? Math.Round(number, 4) : null;
}
