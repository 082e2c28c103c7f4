using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines.Experiments;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>The results of <c>ldm experiment convolutional-sampling</c>, and the files that people read.</summary>
internal sealed record ConvolutionalSamplingReport(
    ConvolutionalSamplingSettings Settings,
    LatentScale Scaled,
    LatentScale Unscaled,
    IReadOnlyList<ConvolutionalSamplingRow> Cells
)
{
    private const string Title = "Images larger than in training, and the scale of latents";
    private const string Comparison = "comparison.png";
    private const int ComparisonPixels = 256;

    /// <summary>For people.</summary>
    public string InWords() => $"{string.Join("\n\n", Paragraphs())}\n\n{MarkdownTable.Write(Table().Rows)}";

    /// <summary>Writes results.json, table.md, comparison.png and index.html.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="images">The images of every cell.</param>
    public void Write(string folder, IReadOnlyList<IReadOnlyList<RgbImage>> images)
    {
        ExperimentFiles.Write(folder, this);
        AtomicFile.WriteText(Path.Combine(folder, "table.md"), $"# {Title}\n\n{InWords()}\n");
        var ways = Cells.Select(c => c.Way).Distinct().ToList();
        var picture = new ContactSheet(ways.Count)
        {
            ColumnCaptions = ways,
            RowCaptions = [.. Cells.Select(c => c.Latents).Distinct()],
            Upscale = Math.Max(1, ComparisonPixels / Math.Max(Settings.Size.Width, Settings.Size.Height)),
        }.Draw([.. images.Select(ofCell => ofCell[0])]);
        AtomicFile.Write(Path.Combine(folder, Comparison), stream => PngEncoder.Write(picture, stream));
        AtomicFile.WriteText(
            Path.Combine(folder, "index.html"),
            ExperimentPage.Render(
                Title,
                [
                    .. Paragraphs().Select(ExperimentPage.Paragraph),
                    ExperimentPage.Figures([(Comparison, "The first image of each")]),
                    ExperimentPage.Table(Table()),
                    ExperimentPage.Heading("All images"),
                    ExperimentPage.Figures(Cells.Select(c => (c.Sheet, $"{c.Latents} latents, {c.Way}"))),
                    ExperimentPage.Heading("Commands"),
                    .. Cells.Select(c => ExperimentPage.Paragraph(c.Command)),
                ]
            )
        );
    }

    private IEnumerable<string> Paragraphs()
    {
        yield return $"Two models trained alike but for the factor on latents, at {Settings.TrainingSize}x{Settings.TrainingSize}, "
            + $"and sampled at {Settings.Size.Width}x{Settings.Size.Height}: as a whole, and in overlapping patches of the training "
            + "size. Each case ran in a process of its own, whose peak memory is told.";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Latents of each model's own samples: with the factor {Scaled.ScaleFactor:g4} deviation {Scaled.Deviation:0.00}, with {Unscaled.ScaleFactor:g4} "
                + $"{Unscaled.Deviation:0.00}: the signal-to-noise ratio is {Scaled.Deviation * Scaled.Deviation:0.##} and "
                + $"{Unscaled.Deviation * Unscaled.Deviation:0.##} times the schedule's at every timestep."
        );
    }

    private ResultTable Table() =>
        new(
            "Time and memory",
            [
                ["latents", "drawn", "size", "images", "s per image", "peak RSS MB"],
                .. Cells.Select(c =>
                    (string[])
                        [
                            c.Latents,
                            c.Way,
                            $"{c.Width}x{c.Height}",
                            c.Images.ToString(CultureInfo.InvariantCulture),
                            c.SecondsPerImage.ToString("0.000", CultureInfo.InvariantCulture),
                            c.PeakRssMb.ToString("0", CultureInfo.InvariantCulture),
                        ]
                ),
            ]
        );
}
