using LatentDiffusion.Checkpoints.Files;
using ScottPlot;

namespace LatentDiffusion.Training.Logging;

/// <summary>Draws loss curves: every logged value pale, a running mean strong.</summary>
public static class LossPlot
{
    private const int Width = 900;
    private const int Height = 420;
    private const double SmoothingShare = 0.03;

    /// <summary>Draws one metric over the steps into a PNG; does nothing without logged steps.</summary>
    /// <param name="metrics">Logged steps, see <see cref="MetricsFile"/>.</param>
    /// <param name="metric">The metric's name.</param>
    /// <param name="title">Written above.</param>
    /// <param name="path">The PNG.</param>
    public static void Write(
        IReadOnlyList<IReadOnlyDictionary<string, double>> metrics,
        string metric,
        string title,
        string path
    )
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var points = metrics.Where(m => m.ContainsKey(metric)).Select(m => (X: m["step"], Y: m[metric])).ToArray();
        if (points.Length == 0)
        {
            return;
        }

        using var plot = new Plot();
        var steps = points.Select(p => p.X).ToArray();
        var raw = plot.Add.ScatterLine(steps, points.Select(p => p.Y).ToArray());
        raw.Color = Colors.SteelBlue.WithAlpha(0.25);
        var smooth = plot.Add.ScatterLine(steps, Smooth([.. points.Select(p => p.Y)]));
        smooth.Color = Colors.SteelBlue;
        smooth.LineWidth = 2;
        plot.Title(title);
        plot.XLabel("step");
        plot.YLabel(metric);
        // A few first values, far above the rest, would flatten the curve.
        var sorted = points.Select(p => p.Y).Order().ToArray();
        plot.Axes.SetLimitsY(Math.Min(0, sorted[0]), sorted[(int)(0.98 * (sorted.Length - 1))] * 1.1);
        var bytes = plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    private static double[] Smooth(double[] values)
    {
        var weight = 1 / Math.Max(1, SmoothingShare * values.Length);
        var mean = values[0];
        return [.. values.Select(v => mean += weight * (v - mean))];
    }
}
