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

    private const int MostValuesTold = 8;
    private const int FewestRoundTicks = 3;

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
        plot.Axes.Bottom.TickGenerator = AcrossTicks([
            .. curves.SelectMany(c => c.Points).Select(p => p.X).Distinct().Order(),
        ]);
        plot.Axes.Left.TickGenerator = RoundTicks([
            .. curves.SelectMany(c => c.Points).Select(p => Math.Max(p.Y, Least)),
        ]);
        plot.ShowLegend(Edge.Right);
        var bytes = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    // Few values are told as they are, such as 10, 20 and 50 steps; the labels of many would lie over each other.
    private static ITickGenerator AcrossTicks(double[] values) =>
        values.Length <= MostValuesTold ? Manual(values) : RoundTicks(values);

    // 1, 2, 5, 10, ... as far as the values reach, or whatever numbers fit where these are too few.
    private static ITickGenerator RoundTicks(IReadOnlyCollection<double> values)
    {
        var (least, most) = (values.DefaultIfEmpty(1).Min(), values.DefaultIfEmpty(1).Max());
        var decades = Enumerable.Range(
            (int)Math.Floor(Math.Log10(least)),
            1 + (int)Math.Ceiling(Math.Log10(most / least))
        );
        double[] ticks =
        [
            .. decades
                .SelectMany(decade => (double[])[1, 2, 5], (decade, digit) => digit * Math.Pow(10, decade))
                .Where(tick => tick >= least && tick <= most),
        ];
        return ticks.Length >= FewestRoundTicks
            ? Manual(ticks)
            : new NumericAutomatic { LabelFormatter = value => Label(Math.Pow(10, value), "g3") };
    }

    private static NumericManual Manual(double[] ticks) =>
        new([.. ticks.Select(Math.Log10)], [.. ticks.Select(tick => Label(tick, "g6"))]);

    private static string Label(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
