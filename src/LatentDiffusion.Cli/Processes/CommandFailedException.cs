namespace LatentDiffusion.Cli.Processes;

/// <summary>A command of this program failed that another one had started.</summary>
/// <param name="message">What failed and what the command said last, in one line.</param>
/// <param name="exitCode">What the one that started it is to end with.</param>
/// <param name="inner">The failure that this one tells more about, if any.</param>
internal sealed class CommandFailedException(string message, int exitCode, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>See <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
