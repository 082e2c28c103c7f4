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
        var values = curves.SelectMany(c => c.Points).Select(p => p.X).Distinct().Order().ToArray();
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. values.Select(Math.Log10)],
            [.. values.Select(v => v.ToString(CultureInfo.InvariantCulture))]
        );
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            LabelFormatter = value => Math.Pow(10, value).ToString("g3", CultureInfo.InvariantCulture),
        };
        plot.ShowLegend(Edge.Right);
        var bytes = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }
}
