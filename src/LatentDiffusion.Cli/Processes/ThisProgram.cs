using System.Diagnostics;

namespace LatentDiffusion.Cli.Processes;

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
    /// <param name="arguments">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="said">Told every line that it writes to standard error.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="CommandFailedException">It failed; the message is the last line of what it said.</exception>
    public static async Task<string> RunAsync(
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        Action<string>? said = null
    )
    {
        using var process = Process.Start(StartInfo(arguments))!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var lastSaid = LastSaidAsync(process.StandardError, said, cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode switch
            {
                ExitCode.Done => await output,
                ExitCode.WrongInput => throw new CommandFailedException(await lastSaid, ExitCode.WrongInput),
                _ => throw new CommandFailedException(await lastSaid, ExitCode.Failed),
            };
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task<string> LastSaidAsync(
        StreamReader errors,
        Action<string>? said,
        CancellationToken cancellation
    )
    {
        var last = "it said nothing";
        while (await errors.ReadLineAsync(cancellation) is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                last = line;
                said?.Invoke(line);
            }
        }

        return last;
    }
}
