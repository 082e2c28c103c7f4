using System.Globalization;
using System.Text.Json.Serialization;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What <c>ldm evaluate conditions</c> tells; null is what could not be measured.</summary>
/// <param name="measures">The measurement.</param>
internal sealed class ConditionReport(ConditionalMeasures measures)
{
    public required string Model { get; init; }

    public int Count => measures.Pairs.Count;

    public required int Size { get; init; }

    public required string Sampler { get; init; }

    public required double Guidance { get; init; }

    /// <summary>Scale of the post-hoc guidance by the low-resolution input; 0 is none.</summary>
    public required double InputGuidance { get; init; }

    public double? Psnr => Finite(measures.Pairs.Psnr.Mean);

    public double? Ssim => Finite(measures.Pairs.Ssim?.Mean);

    /// <summary>Null without learned weights.</summary>
    public double? Lpips => Finite(measures.Pairs.Lpips?.Mean);

    public double? Psim => Finite(measures.Pairs.Psim?.Mean);

    public double? Fid => Finite(measures.Pairs.Rfid);

    /// <summary>The network behind <see cref="Fid"/>, which also judges layouts and label maps.</summary>
    public string? Features => measures.Pairs.Features;

    /// <summary>The network behind <see cref="Lpips"/> and <see cref="Psim"/>; null without both.</summary>
    public string? LpipsFeatures => measures.Pairs.LpipsFeatures;

    /// <summary>The low-resolution images enlarged bicubically, for comparison; null for other models.</summary>
    public BicubicReport? Bicubic => measures.Bicubic is { } pairs ? new BicubicReport(pairs) : null;

    public BoxObedience? Layouts => measures.Layouts;

    public MapObedience? Maps => measures.Maps;

    public required double SecondsPerImage { get; init; }

    public required string? Sheet { get; init; }

    [JsonIgnore]
    public string InWords =>
        string.Join(
            '\n',
            [
                Text($"{Count} images at {Size}x{Size} drawn anew from their conditions,")
                    + Text($" {Sampler}, guidance {Guidance:0.##}")
                    + (InputGuidance > 0 ? Text($", by the input {InputGuidance:0.##}:") : ":"),
                .. Figures.Lines([.. Rows(measures.Pairs), .. LayoutRows(), .. MapRows()]),
                .. measures.Bicubic is { } pairs
                    ? ["enlarged bicubically instead:", .. Figures.Lines(Rows(pairs))]
                    : Array.Empty<string>(),
                Text($"{SecondsPerImage:0.###} s an image"),
                .. Features is null
                    ? Array.Empty<string>()
                    : ["Figures of one network do not compare with another's, nor FID with that of another count."],
                .. Sheet is null ? Array.Empty<string>() : [$"Sheet: {Sheet}"],
            ]
        );

    private IEnumerable<(string Name, string? Value)> LayoutRows() =>
        Layouts is null
            ? []
            :
            [
                (Figures.Name("objects in their boxes", Features), Rate(Layouts.Boxes)),
                (Figures.Name("the same of the images", Features), Rate(Layouts.BoxesOfReal)),
            ];

    private IEnumerable<(string Name, string? Value)> MapRows() =>
        Maps is null
            ? []
            :
            [
                (
                    Figures.Name("pixels of their class", Features),
                    Text($"{Maps.Samples.PixelAccuracy:p1} (images {Maps.Real.PixelAccuracy:p1}, ")
                        + Text($"chance {Maps.Chance:p1}), of {Maps.Count} samples")
                ),
                (
                    Figures.Name("mean IoU", Features),
                    Text($"{Maps.Samples.MeanIou:0.000} (images {Maps.Real.MeanIou:0.000})")
                ),
            ];

    private static IEnumerable<(string Name, string? Value)> Rows(ReconstructionSummary pairs) =>
        [
            ("PSNR", $"{Figures.Number(pairs.Psnr.Mean, "f2")} dB"),
            ("SSIM", Mean(pairs.Ssim)),
            (Figures.Name("LPIPS", pairs.LpipsFeatures), Mean(pairs.Lpips)),
            (Figures.Name("PSIM", pairs.LpipsFeatures), Mean(pairs.Psim)),
            (
                Figures.Name("FID", pairs.Features, Figures.Size(pairs.Size)),
                pairs.Rfid is { } distance ? Figures.Number(distance, "f4") : null
            ),
        ];

    private static string? Mean(MeanAndDeviation? value) => value is null ? null : Figures.Number(value.Mean, "f4");

    private static string Rate(ObedienceRate rate) =>
        Text($"{rate.Share:p1} +- {rate.StandardError:p1} ({rate.Right} of {rate.Of}; chance {rate.Chance:p1})");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static double? Finite(double? value) =>
        value is { } number && double.IsFinite(number) ? Math.Round(number, 4) : null;

    /// <summary>The numbers of bicubic enlargement.</summary>
    internal sealed class BicubicReport(ReconstructionSummary pairs)
    {
        public double? Psnr => Finite(pairs.Psnr.Mean);

        public double? Ssim => Finite(pairs.Ssim?.Mean);

        public double? Lpips => Finite(pairs.Lpips?.Mean);

        public double? Psim => Finite(pairs.Psim?.Mean);

        public double? Fid => Finite(pairs.Rfid);
    }
}
