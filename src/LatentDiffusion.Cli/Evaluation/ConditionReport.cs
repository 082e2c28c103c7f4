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

    public double? Psnr => Finite(measures.Pairs.Psnr.Mean);

    public double? Ssim => Finite(measures.Pairs.Ssim?.Mean);

    public double? Lpips => Finite(measures.Pairs.Lpips?.Mean);

    public double? Fid => Finite(measures.Pairs.Rfid);

    /// <summary>The network behind the perceptual numbers.</summary>
    public string? Features => measures.Pairs.Features;

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
            Lines(
                    $"{Count} images at {Size}x{Size} drawn anew from their conditions, {Sampler}, guidance {Guidance:0.##}:",
                    measures.Pairs
                )
                .Concat(measures.Bicubic is { } pairs ? Lines($"enlarged bicubically instead:", pairs) : [])
                .Concat(LayoutLines())
                .Concat(MapLines())
                .Append(Text($"  {SecondsPerImage:0.###} s an image"))
                .Concat(Sheet is null ? [] : [$"Sheet: {Sheet}"])
        );

    private IEnumerable<string> LayoutLines() =>
        Layouts is null
            ? []
            :
            [
                $"  objects in their boxes  {Rate(Layouts.Boxes)}",
                $"  the same of the images  {Rate(Layouts.BoxesOfReal)}",
            ];

    private IEnumerable<string> MapLines() =>
        Maps is null
            ? []
            :
            [
                Text(
                    $"  pixels of their class   {Maps.Samples.PixelAccuracy:p1} (images {Maps.Real.PixelAccuracy:p1}, "
                ) + Text($"chance {Maps.Chance:p1}), of {Maps.Count} samples"),
                Text($"  mean IoU                {Maps.Samples.MeanIou:0.000} (images {Maps.Real.MeanIou:0.000})"),
            ];

    private static IEnumerable<string> Lines(FormattableString title, ReconstructionSummary pairs)
    {
        yield return Text(title);
        yield return Text($"  PSNR   {pairs.Psnr.Mean:0.00} dB");
        if (pairs.Ssim is { } ssim)
        {
            yield return Text($"  SSIM   {ssim.Mean:0.0000}");
        }

        if (pairs.Lpips is { } lpips)
        {
            yield return Text($"  LPIPS  {lpips.Mean:0.0000} (network {pairs.Features})");
        }

        if (pairs.Rfid is { } distance)
        {
            yield return Text(
                $"  FID    {distance:0.0000} (network {pairs.Features}; not comparable with other networks')"
            );
        }
    }

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

        public double? Fid => Finite(pairs.Rfid);
    }
}
