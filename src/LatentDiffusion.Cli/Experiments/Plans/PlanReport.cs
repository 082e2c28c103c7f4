using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Terminal;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>Writes what people read of an experiment: table.md, plots and index.html, one file with everything in it.</summary>
/// <param name="plan">The plan.</param>
/// <param name="results">What there is.</param>
/// <param name="command">How to repeat it.</param>
/// <param name="folder">Where the files go.</param>
internal sealed class PlanReport(ExperimentPlan plan, PlanResults results, string command, string folder)
{
    private readonly PlanTables _tables = new(plan, results);

    /// <summary>The page.</summary>
    public string Page => Path.Combine(folder, "index.html");

    /// <summary>The tables as Markdown.</summary>
    public string InWords() =>
        string.Join(
            "\n\n",
            Tables().Select(table => $"{table.Title}:\n\n{MarkdownTable.Write(table.Rows)}").Append(Foot())
        );

    /// <summary>Writes everything.</summary>
    public void Write()
    {
        AtomicFile.WriteText(Path.Combine(folder, "table.md"), $"# {plan.Title}\n\n{InWords()}\n");
        var plots = plan
            .Plots.Index()
            .Select(plot => (File: WritePlot(plot.Item, plot.Index), plot.Item.Title))
            .ToList();
        AtomicFile.WriteText(
            Page,
            ExperimentPage.Render(
                plan.Title,
                [
                    ExperimentPage.Paragraph($"{plan.Paper}. Scale and name: {results.Plan}, seed {plan.Seed}."),
                    .. plan.Text.Select(ExperimentPage.Paragraph),
                    .. Tables().Select(ExperimentPage.Table),
                    ExperimentPage.Plots(
                        folder,
                        plots.Where(plot => plot.File is not null).Select(plot => (plot.File!, plot.Title))
                    ),
                    .. plan.Pictures.SelectMany(Pictures),
                    ExperimentPage.Heading("Commands"),
                    ExperimentPage.Paragraph($"All of it: {command}"),
                    ExperimentPage.Words(Commands()),
                    ExperimentPage.Foot(Foot()),
                ]
            )
        );
    }

    private IEnumerable<ResultTable> Tables() =>
        (plan.Claims.Count > 0 ? new[] { _tables.Claims() } : []).Concat(_tables.All());

    private string Foot() => $"{string.Join("; ", results.Entries.Select(e => e.Origin).Distinct())}.";

    private ResultTable Commands() =>
        new(
            "Single commands",
            [
                ["step", "values", "command", "seconds"],
                .. results.Entries.Select(e =>
                    (string[])
                        [
                            e.Step,
                            e.Variables,
                            $"ldm {e.Command}",
                            e.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
                        ]
                ),
            ]
        );

    private IEnumerable<string> Pictures(PlanPictures pictures)
    {
        var (step, path) = PlanResults.Split(pictures.File);
        var files = results
            .Of(step, Bindings.Parse(pictures.Where))
            .Select(e => (File: e.Find(path)?.GetString(), Caption: e.Bindings.Fill(pictures.Caption)))
            .Where(picture => picture.File is not null && File.Exists(picture.File))
            .Select(picture => (picture.File!, picture.Caption));
        yield return ExperimentPage.Heading(pictures.Title);
        yield return ExperimentPage.Sheets(folder, files);
    }

    private string? WritePlot(PlanPlot plot, int number)
    {
        var step = PlanResults.Split(plot.Y).Step;
        var curves = results
            .Of(step, Bindings.None)
            .GroupBy(e => e.Bindings.Find(plot.Curves))
            .Select(group => new Curve(
                plot.Name.Length > 0 ? group.First().Bindings.Fill(plot.Name) : $"{plot.Curves} {group.Key}",
                [.. group.Select(Point).OfType<(double, double)>()]
            ))
            .Where(curve => curve.Points.Count > 0)
            .ToList();
        if (curves.Count == 0)
        {
            return null;
        }

        var file = $"plot-{number + 1}.png";
        CurvePlot.Write(curves, plot.Title, plot.XTitle, plot.YTitle, Path.Combine(folder, file));
        return file;

        (double, double)? Point(PlanEntry entry) =>
            Across(plot.X, entry.Bindings) is { } x && results.Number(plot.Y, entry.Bindings) is { } y ? (x, y) : null;
    }

    private double? Across(string axis, Bindings bindings) =>
        axis.StartsWith('{')
            ? double.Parse(bindings.Fill(axis), CultureInfo.InvariantCulture)
            : results.Number(axis, bindings);
}
