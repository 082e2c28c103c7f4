using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Cli.Processes;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Measures a case in a process of its own, so that its peak memory is its own.</summary>
internal static class CaseProcess
{
    /// <summary>How a case's result travels from the child to its parent.</summary>
    public static JsonSerializerOptions Json { get; } =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Measures.</summary>
    /// <exception cref="CommandFailedException">The child failed; the message is its last line.</exception>
    public static async Task<BenchResult> MeasureAsync(
        BenchCase benchCase,
        double seconds,
        int threads,
        string kernels,
        CancellationToken cancellation
    )
    {
        string[] arguments =
        [
            "bench",
            "--case",
            benchCase.Name,
            "--seconds",
            seconds.ToString(CultureInfo.InvariantCulture),
            "--threads",
            threads.ToString(CultureInfo.InvariantCulture),
            "--kernels",
            kernels,
        ];
        try
        {
            var output = await ThisProgram.RunAsync(arguments, cancellation);
            return JsonSerializer.Deserialize<BenchResult>(output, Json)!;
        }
        catch (CommandFailedException e)
        {
            throw new CommandFailedException($"{benchCase.Name}: {e.Message}", ExitCode.Failed, e);
        }
    }
}
