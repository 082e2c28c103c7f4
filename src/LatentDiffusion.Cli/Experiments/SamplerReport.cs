using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Terminal;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>Writes what people read of the sampler experiment: table.md, distance.png, seconds.png, index.html.</summary>
internal static class SamplerReport
{
    private const string Title = "Samplers by number of steps";
    private const string Distance = "distance.png";
    private const string Seconds = "seconds.png";

    /// <summary>The tables as Markdown.</summary>
    public static string InWords(SamplerResults results) =>
        string.Join(
            "\n\n",
            Paragraphs(results)
                .Concat(Tables(results).Select(table => $"{table.Title}:\n\n{MarkdownTable.Write(table.Rows)}"))
        );

    public static void Write(SamplerResults results, string folder)
    {
        if (results.Cells.Count == 0)
        {
            return;
        }

        AtomicFile.WriteText(Path.Combine(folder, "table.md"), $"# {Title}\n\n{InWords(results)}\n");
        Plot(results, "Frechet distance to real images", cell => cell.Fid, Path.Combine(folder, Distance));
        Plot(results, "seconds per image", cell => cell.SecondsPerImage, Path.Combine(folder, Seconds));
        AtomicFile.WriteText(
            Path.Combine(folder, "index.html"),
            ExperimentPage.Render(
                Title,
                [
                    .. Paragraphs(results).Select(ExperimentPage.Paragraph),
                    ExperimentPage.Figures([
                        (Distance, "Frechet distance to real images"),
                        (Seconds, "Seconds per image"),
                    ]),
                    .. Tables(results).Select(ExperimentPage.Table),
                    ExperimentPage.Heading("Samples"),
                    ExperimentPage.Paragraph("The first samples of each: the same classes and seeds everywhere."),
                    ExperimentPage.Figures(results.Cells.Select(c => (c.Sheet, $"{NameOf(c)}, {c.Steps} steps"))),
                ]
            )
        );
    }

    private static IEnumerable<string> Paragraphs(SamplerResults results)
    {
        var s = results.Settings;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{s.Count} samples of {s.Model} at {s.Size}x{s.Size}, seeds from {s.Seed}, guidance {s.Guidance}; {s.CountReal} real "
                + $"images of {s.Real}. Distances by the network {s.Features}: not comparable with other networks' numbers or "
                + $"other counts. Times are of one machine. Settings {results.SettingsHash[..8]}."
        );
        if (results.FirstStageFid is { } distance)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"What no sampler wins back: the first stage's reconstructions are at Frechet distance {distance:0.00} from the images."
            );
        }
    }

    private static IEnumerable<ResultTable> Tables(SamplerResults results)
    {
        (string What, string Format, Func<SamplerRow, double?> Value)[] tables =
        [
            ("Frechet distance to real images", "0.00", cell => cell.Fid),
            ("Frechet distance to their reconstructions", "0.00", cell => cell.FidReconstructions),
            ("Kernel distance to real images x 1000", "0.00", cell => 1000 * cell.Kid),
            ("Precision", "0.000", cell => cell.Precision),
            ("Recall", "0.000", cell => cell.Recall),
            ("Seconds per image", "0.0000", cell => cell.SecondsPerImage),
        ];
        return tables.Select(t => ResultTable.OfSamplers($"{t.What}, by steps", t.Format, results.Cells, t.Value));
    }

    private static void Plot(SamplerResults results, string what, Func<SamplerRow, double> value, string path) =>
        CurvePlot.Write(
            [
                .. results
                    .Cells.GroupBy(NameOf)
                    .Select(g => new Curve(g.Key, [.. g.Select(cell => ((double)cell.Steps, value(cell)))])),
            ],
            Title,
            "steps",
            what,
            path
        );

    private static string NameOf(SamplerRow cell) => $"{cell.Sampler}, {cell.Spacing.ToString().ToLowerInvariant()}";
}
