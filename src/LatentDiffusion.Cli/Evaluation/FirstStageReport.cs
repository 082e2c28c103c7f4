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
        List<(string Title, Func<FirstStageFigures, string> Cell)> columns =
        [
            ("model", m => m.Name),
            ("f", m => Figures.Number(m.Factor, "0")),
            ("c", m => Figures.Number(m.Channels, "0")),
            ("reg.", m => m.Regularization),
            ("PSNR dB", m => $"{Number(m.Measured.Psnr, "0.00")} +- {Number(m.Measured.PsnrStd, "0.00")}"),
            ("SSIM", m => Number(m.Measured.Ssim, "0.000")),
        ];
        AddMeasured(first.LpipsName, m => m.Lpips, "0.000");
        AddMeasured(first.PsimName, m => m.Psim, "0.000");
        AddMeasured(first.RfidName, m => m.Rfid, "0.00");
        string[] lines =
        [
            $"{first.Images}; figures of one network do not compare with another's",
            "",
            MarkdownTable.Write([
                [.. columns.Select(column => column.Title)],
                .. Models.Select(model => (string[])[.. columns.Select(column => column.Cell(model))]),
            ]),
            .. Sheet is null ? Array.Empty<string>() : ["", $"Sheet: {Sheet}"],
        ];
        return string.Join('\n', lines);

        // A network may be missing, have no LPIPS, or find the images too small.
        void AddMeasured(string name, Func<ReconstructionReport, double?> figure, string format)
        {
            if (Models.Any(model => figure(model.Measured) is not null))
            {
                columns.Add((name, m => Number(figure(m.Measured), format)));
            }
        }
    }

    private static string Number(double? value, string format) =>
        value is { } number ? Figures.Number(number, format) : "";
}
