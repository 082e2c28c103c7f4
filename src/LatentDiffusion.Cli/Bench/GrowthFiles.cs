using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using ScottPlot;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Writes curves as one CSV file and one picture each.</summary>
internal static class GrowthFiles
{
    private const int Width = 720;
    private const int Height = 400;

    /// <summary>Writes growth.csv and NAME.png into a folder.</summary>
    public static void Write(IReadOnlyList<GrowthCurve> curves, string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(
            Path.Combine(folder, "growth.csv"),
            stream =>
            {
                using var writer = new StreamWriter(stream, leaveOpen: true);
                writer.WriteLine("curve,what,quantity,value,seconds,peak_rss_mb");
                foreach (var (curve, point) in curves.SelectMany(c => c.Points.Select(p => (c, p))))
                {
                    writer.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{curve.Name},\"{curve.What}\",\"{curve.Quantity}\",{point.Value},{point.Seconds:g6},{point.PeakRssMb:f0}"
                        )
                    );
                }
            }
        );
        foreach (var curve in curves)
        {
            Draw(curve, Path.Combine(folder, $"{curve.Name}.png"));
        }
    }

    // Both axes logarithmic: a power of the quantity is a straight line.
    private static void Draw(GrowthCurve curve, string path)
    {
        using var plot = new Plot();
        var values = curve.Points.Select(p => Math.Log2(p.Value)).ToArray();
        var time = plot.Add.Scatter(values, curve.Points.Select(p => Math.Log2(1000 * p.Seconds)).ToArray());
        time.LegendText = "time, ms";
        time.LineWidth = 2;
        var memory = plot.Add.Scatter(values, curve.Points.Select(p => Math.Log2(p.PeakRssMb)).ToArray());
        memory.LegendText = "peak memory of the process, MB";
        memory.LinePattern = LinePattern.Dashed;
        plot.Title(curve.What);
        plot.XLabel(curve.Quantity);
        plot.Axes.Bottom.TickGenerator = PowersOfTwo();
        plot.Axes.Left.TickGenerator = PowersOfTwo();
        plot.ShowLegend(Edge.Bottom);
        var bytes = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    private static ScottPlot.TickGenerators.NumericAutomatic PowersOfTwo() =>
        new()
        {
            IntegerTicksOnly = true,
            LabelFormatter = value => Math.Pow(2, value).ToString("0.###", CultureInfo.InvariantCulture),
        };
}
