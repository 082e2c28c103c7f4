using System.Globalization;
using System.Text;
using LatentDiffusion.Cli.Terminal;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Measurements as a table that is text for people and Markdown for documents at the same time.</summary>
internal static class BenchTable
{
    private static readonly string[] Head =
    [
        "case",
        "median",
        "10-90 %",
        "GMAC",
        "GFLOP/s",
        "share of peak",
        "peak RSS",
        "weights",
        "throughput",
    ];

    /// <summary>One line per case.</summary>
    public static string Write(BenchReport report)
    {
        var machine = report.Machine;
        var text = new StringBuilder()
            .AppendLine(
                CultureInfo.InvariantCulture,
                $"{machine.Processor}, {machine.Cores} cores, {machine.Threads} threads, {machine.Kernels} kernels"
            )
            .AppendLine();
        return text.Append(MarkdownTable.Write([Head, .. report.Cases.Select(Row)])).ToString();
    }

    /// <summary>The change of each case against a former report; cases that only one of them has are left out.</summary>
    public static string WriteComparison(IReadOnlyList<BenchChange> changes) =>
        MarkdownTable.Write([
            ["case", "before", "now", "ratio", "of"],
            .. changes.Select(c =>
                new[] { c.Name, Number(c.Before, "0.###"), Number(c.Now, "0.###"), Number(c.Ratio, "0.00"), c.Measure }
            ),
        ]);

    private static string[] Row(BenchResult r) =>
        [
            r.Name,
            Time(r.Seconds),
            $"{Time(r.Lower)}-{Time(r.Upper)}",
            Number(r.Gmac, "0.00"),
            Number(r.Gflops, "0"),
            Number(r.Share, "0.00"),
            $"{Number(r.PeakRssMb, "0")} MB",
            $"{Number(r.WeightsMb, "0")} MB",
            r.UnitsPerSecond is null ? "" : $"{Number(r.UnitsPerSecond, "0.0")} {r.Unit}/s{OfLimit(r)}",
        ];

    private static string OfLimit(BenchResult r) =>
        r.ShareOfLimit is null ? "" : $" ({Number(r.ShareOfLimit, "0.00")} of the network alone)";

    private static string Time(double seconds) =>
        seconds < 1 ? $"{Number(seconds * 1000, "0.0")} ms" : $"{Number(seconds, "0.00")} s";

    private static string Number(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
