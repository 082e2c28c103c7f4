using System.Diagnostics;
using System.Globalization;

namespace LatentDiffusion.Cli.Bench;

/// <summary>The most memory that this process has had resident so far.</summary>
internal static class PeakMemory
{
    private const double KibibyteBytes = 1024;
    private const double Mega = 1e6;

    /// <summary>In megabytes.</summary>
    public static double Megabytes() => Bytes() / Mega;

    // .NET's own PeakWorkingSet64 is the present value on Linux.
    private static double Bytes()
    {
        if (!OperatingSystem.IsLinux())
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }

        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kibibytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return KibibyteBytes * long.Parse(kibibytes, CultureInfo.InvariantCulture);
    }
}
