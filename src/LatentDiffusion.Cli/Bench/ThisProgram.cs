using System.Diagnostics;

namespace LatentDiffusion.Cli.Bench;

/// <summary>The way to start this program once more.</summary>
internal static class ThisProgram
{
    /// <summary>How to start it with the given arguments, its output kept apart from ours.</summary>
    public static ProcessStartInfo StartInfo(params IEnumerable<string> arguments)
    {
        var host = Environment.ProcessPath!;
        var runsOnHost = Path.GetFileNameWithoutExtension(host).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return new ProcessStartInfo(
            host,
            runsOnHost ? [Path.Combine(AppContext.BaseDirectory, "ldm.dll"), .. arguments] : arguments
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
