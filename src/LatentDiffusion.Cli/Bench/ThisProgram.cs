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

    /// <summary>Runs it once more to its end.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message is the last line of what it said.</exception>
    public static async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Process.Start(StartInfo(arguments))!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException((await errors).TrimEnd().Split('\n')[^1]);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
