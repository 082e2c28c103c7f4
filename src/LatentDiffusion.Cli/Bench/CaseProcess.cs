using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Measures a case in a process of its own, so that its peak memory is its own.</summary>
internal static class CaseProcess
{
    /// <summary>How a case's result travels from the child to its parent.</summary>
    public static JsonSerializerOptions Json { get; } =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Measures.</summary>
    /// <exception cref="InvalidOperationException">The child failed; the message is its last line.</exception>
    public static async Task<BenchResult> MeasureAsync(
        BenchCase benchCase,
        double seconds,
        int threads,
        string kernels,
        CancellationToken cancellation
    )
    {
        var start = ThisProgram.StartInfo(
            "bench",
            "--case",
            benchCase.Name,
            "--seconds",
            seconds.ToString(CultureInfo.InvariantCulture),
            "--threads",
            threads.ToString(CultureInfo.InvariantCulture),
            "--kernels",
            kernels
        );
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize<BenchResult>(await output, Json)!
                : throw new InvalidOperationException($"{benchCase.Name}: {LastLine(await errors)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1];
}
