using System.Text.Json;

namespace LatentDiffusion.Training.Logging;

/// <summary>Reads a run's metrics.jsonl; a line cut short by a crash is passed over.</summary>
public static class MetricsFile
{
    /// <summary>The logged steps in order: names and values, "step" and "seconds" among them.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, double>> Read(string path) =>
        File.Exists(path) ? [.. File.ReadLines(path).Select(Parse).OfType<Dictionary<string, double>>()] : [];

    /// <summary>Removes what was logged after <paramref name="step"/>.</summary>
    internal static void DropAfter(string path, long step)
    {
        if (File.Exists(path))
        {
            var kept = File.ReadLines(path).Where(line => Parse(line) is { } m && m["step"] <= step).ToList();
            Checkpoints.Files.AtomicFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
        }
    }

    private static Dictionary<string, double>? Parse(string line)
    {
        try
        {
            return
                JsonSerializer.Deserialize<Dictionary<string, double>>(line) is { } metrics
                && metrics.ContainsKey("step")
                ? metrics
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
