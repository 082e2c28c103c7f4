using System.Globalization;
using LatentDiffusion.Cli.Terminal;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>One first stage of <see cref="FirstStageReport"/>.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Factor">The downsampling factor f.</param>
/// <param name="Channels">Channels of its latents.</param>
/// <param name="Regularization">"kl", "vq" or what else it is.</param>
/// <param name="Measured">The figures.</param>
internal sealed record FirstStageFigures(
    string Name,
    int Factor,
    int Channels,
    string Regularization,
    ReconstructionReport Measured
);

/// <summary>What first stages make of the same images, as LDM table 8 lists it.</summary>
/// <param name="Models">In the order asked for.</param>
/// <param name="Sheet">The sheet's file, or null.</param>
internal sealed record FirstStageReport(IReadOnlyList<FirstStageFigures> Models, string? Sheet)
{
    /// <summary>The report as a table.</summary>
    public string InWords()
    {
        var first = Models[0].Measured;
        string[] lines =
        [
            $"{first.Count} images; network {first.Features ?? "none"}; its rFID and LPIPS do not compare with another's",
            "",
            MarkdownTable.Write([
                ["model", "f", "c", "reg.", "PSNR dB", "SSIM", "LPIPS", "rFID"],
                .. Models.Select(Row),
            ]),
            .. Sheet is null ? Array.Empty<string>() : ["", $"Sheet: {Sheet}"],
        ];
        return string.Join('\n', lines);
    }

    private static string[] Row(FirstStageFigures m) =>
        [
            m.Name,
            Number(m.Factor, "0"),
            Number(m.Channels, "0"),
            m.Regularization,
            $"{Number(m.Measured.Psnr, "0.00")} +- {Number(m.Measured.PsnrStd, "0.00")}",
            Number(m.Measured.Ssim, "0.000"),
            Number(m.Measured.Lpips, "0.000"),
            Number(m.Measured.Rfid, "0.00"),
        ];

    private static string Number(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
