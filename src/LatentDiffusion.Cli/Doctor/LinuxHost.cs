using System.Globalization;

namespace LatentDiffusion.Cli.Doctor;

/// <summary>Facts from <c>/proc</c> and the control groups; null on other systems or where a file is missing.</summary>
internal static class LinuxHost
{
    public static string? ProcessorName() =>
        Lines("/proc/cpuinfo")
            .FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1]
            .Trim();

    public static int? ProcessorCount() =>
        Lines("/proc/cpuinfo").Count(l => l.StartsWith("processor", StringComparison.Ordinal)) is > 0 and var count
            ? count
            : null;

    /// <summary>How many processors' worth of time the container may use (cpu.max is "quota period" or "max period").</summary>
    public static double? ProcessorQuota() =>
        ControlGroup("cpu.max")?.Split(' ') is [var quota, var period]
        && Number(quota) is { } q
        && Number(period) is { } p
            ? (double)q / p
            : null;

    /// <summary>Bytes that can be had without swapping: the host's, or what the container's limit leaves.</summary>
    public static long? AvailableMemory()
    {
        var host = Lines("/proc/meminfo")
            .FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        if (Number(host) * 1024 is not { } available)
        {
            return null;
        }

        // Cached files count as used in memory.current, but the kernel gives them up when asked.
        var reclaimable = Lines(ControlGroupFile("memory.stat"))
            .FirstOrDefault(l => l.StartsWith("inactive_file ", StringComparison.Ordinal))
            ?.Split(' ')[1];
        var left =
            Number(ControlGroup("memory.max")) - Number(ControlGroup("memory.current")) + (Number(reclaimable) ?? 0);
        return Math.Min(available, left ?? available);
    }

    /// <summary>The file of a library that is loaded into this process.</summary>
    public static string? LoadedLibrary(string fileName) =>
        Lines("/proc/self/maps")
            .Select(l => l[(l.IndexOf('/') is var slash and >= 0 ? slash : l.Length)..])
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith(fileName, StringComparison.Ordinal));

    private static string? ControlGroup(string name) => Lines(ControlGroupFile(name)).FirstOrDefault();

    // Version 2, the file's path being relative to the root that the container sees.
    private static string ControlGroupFile(string name)
    {
        var group = Lines("/proc/self/cgroup").FirstOrDefault(l => l.StartsWith("0::/", StringComparison.Ordinal));
        var own = Path.Combine("/sys/fs/cgroup", group?[4..] ?? "", name);
        return File.Exists(own) ? own : Path.Combine("/sys/fs/cgroup", name);
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
