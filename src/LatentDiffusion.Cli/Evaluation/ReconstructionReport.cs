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

    /// <summary>The network behind <see cref="Rfid"/>.</summary>
    public string? Features => _summary.Features;

    /// <summary>The network behind <see cref="Lpips"/> and <see cref="Psim"/>; null without both.</summary>
    public string? LpipsFeatures => _summary.LpipsFeatures;

    /// <summary>Side of the images, or null when they are not squares of one size.</summary>
    public int? Size => _summary.Size is { } size && size.Width == size.Height ? size.Width : null;

    public string? Sheet { get; init; }

    /// <summary>The folder of the written reconstructions.</summary>
    public string? Saved { get; init; }

    public string? Model { get; init; }

    /// <summary>What was left out because images were too small, and why: a sentence each.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> LeftOut => _summary.LeftOut;

    /// <summary>How many images of which size.</summary>
    [JsonIgnore]
    public string Images
    {
        get
        {
            var shape = _summary.Size is { } size ? $" at {size.Width}x{size.Height}" : "";
            return (Count == 1 ? "1 image" : $"{Count} images") + shape;
        }
    }

    /// <summary>The name of <see cref="Lpips"/> with its network.</summary>
    [JsonIgnore]
    public string LpipsName => Figures.Name("LPIPS", LpipsFeatures);

    /// <summary>The name of <see cref="Psim"/> with its network.</summary>
    [JsonIgnore]
    public string PsimName => Figures.Name("PSIM", LpipsFeatures);

    /// <summary>The name of <see cref="Rfid"/> with its network and the images' size.</summary>
    [JsonIgnore]
    public string RfidName => Figures.Name("rFID", Features, Figures.Size(_summary.Size));

    [JsonIgnore]
    public string InWords
    {
        get
        {
            (string, string?)[] rows =
            [
                ("PSNR", Spread(_summary.Psnr, "f2", " dB")),
                ("SSIM", Spread(_summary.Ssim, "f4", "")),
                ("error", Spread(_summary.AbsoluteError, "f2", " of 255")),
                (LpipsName, Spread(_summary.Lpips, "f4", "")),
                (PsimName, Spread(_summary.Psim, "f4", "")),
                (RfidName, Rfid is { } distance ? Figures.Number(distance, "f4") : null),
            ];
            string?[] lines =
            [
                $"{Images}:",
                .. Figures.Lines(rows),
                Features is null
                    ? null
                    : "Figures of one network do not compare with another's, nor rFID with that of another count.",
                Sheet is null ? null : $"Sheet: {Sheet}",
                Saved is null ? null : $"Reconstructions: {Saved}",
            ];
            return string.Join('\n', lines.OfType<string>());
        }
    }

    private static string? Spread(MeanAndDeviation? value, string format, string unit) =>
        value switch
        {
            null => null,
            { Mean: double.PositiveInfinity } => "infinite: an image equals its reconstruction",
            _ => $"{Figures.Number(value.Mean, format)} +- {Figures.Number(value.Deviation, format)}{unit}",
        };

    // JSON has no infinity, which the PSNR of equal images is.
    private static double? Finite(double? value) =>
        value is { } number && double.IsFinite(number) ? Math.Round(number, 4) : null;
}
