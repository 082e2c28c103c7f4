using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Bench;

/// <summary>How a case changed. A ratio above 1 is better.</summary>
/// <param name="Name">The case.</param>
/// <param name="Measure">What is compared: share of peak, or throughput, or speed where a case has neither.</param>
/// <param name="Before">In the former report.</param>
/// <param name="Now">In this one.</param>
internal sealed record BenchChange(string Name, string Measure, double Before, double Now)
{
    public double Ratio => Now / Before;
}

/// <summary>Compares two reports by shares of the machine's peak, which mean the same on a faster machine.</summary>
internal static class BenchComparison
{
    /// <summary>Reads the JSON that <c>ldm bench --json</c> printed.</summary>
    /// <exception cref="UserInputException">The file is missing or something else.</exception>
    public static BenchReport Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException(
                $"--compare {path}: there is no such file. Write one with 'ldm bench --json'."
            );
        }

        try
        {
            var report = JsonSerializer.Deserialize<BenchReport>(File.ReadAllText(path), CaseProcess.Json);
            if (report is { Machine: not null, Cases: not null })
            {
                return report;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new UserInputException(
            $"--compare {path}: this is not a report of 'ldm bench --json'. Write one and compare with that."
        );
    }

    /// <summary>The change of every case that both reports have.</summary>
    public static IReadOnlyList<BenchChange> Between(BenchReport before, BenchReport now) =>
        [.. from n in now.Cases join b in before.Cases on n.Name equals b.Name select Change(b, n)];

    private static BenchChange Change(BenchResult before, BenchResult now) =>
        (before.Share, now.Share, before.UnitsPerSecond, now.UnitsPerSecond) switch
        {
            ({ } b, { } n, _, _) => new BenchChange(now.Name, "share of peak", b, n),
            (_, _, { } b, { } n) => new BenchChange(now.Name, $"{now.Unit}/s", b, n),
            _ => new BenchChange(now.Name, "runs/s", 1 / before.Seconds, 1 / now.Seconds),
        };
}
