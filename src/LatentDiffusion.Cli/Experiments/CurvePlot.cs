using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>A line of a <see cref="CurvePlot"/>.</summary>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Curves with a point at every measurement, both axes logarithmic.</summary>
internal static class CurvePlot
{
    private const int Width = 900;
    private const int Height = 480;

    // A logarithm needs some positive number where a measurement is 0.
    private const double Least = 1e-9;

    public static void Write(IReadOnlyList<Curve> curves, string title, string across, string up, string path)
    {
        using var plot = new Plot();
        foreach (var (curve, number) in curves.Zip(Enumerable.Range(0, curves.Count)))
        {
            var line = plot.Add.Scatter(
                curve.Points.Select(p => Math.Log10(p.X)).ToArray(),
                curve.Points.Select(p => Math.Log10(Math.Max(p.Y, Least))).ToArray()
            );
            line.LegendText = curve.Name;
            line.LineWidth = 2;
            line.LinePattern = number < 5 ? LinePattern.Solid : LinePattern.Dashed;
        }

        plot.Title(title);
        plot.XLabel(across);
        plot.YLabel(up);
        plot.Axes.Bottom.TickGenerator = Ticks(
            LogTicks.Told([.. curves.SelectMany(c => c.Points).Select(p => p.X).Distinct().Order()])
        );
        plot.Axes.Left.TickGenerator = Ticks(
            LogTicks.Round([.. curves.SelectMany(c => c.Points).Select(p => Math.Max(p.Y, Least))])
        );
        plot.ShowLegend(Edge.Right);
        var bytes = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    private static ITickGenerator Ticks(double[] values) =>
        values.Length > 0
            ? new NumericManual([.. values.Select(Math.Log10)], [.. values.Select(tick => Label(tick, "g6"))])
            : new NumericAutomatic { LabelFormatter = value => Label(Math.Pow(10, value), "g3") };

    private static string Label(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
