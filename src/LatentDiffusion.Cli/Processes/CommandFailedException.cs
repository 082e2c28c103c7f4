namespace LatentDiffusion.Cli.Processes;

/// <summary>A command of this program failed that another one had started (exit code 1).</summary>
/// <param name="message">What failed and what the command said last, in one line.</param>
/// <param name="inner">The failure that this one tells more about, if any.</param>
internal sealed class CommandFailedException(string message, Exception? inner = null) : Exception(message, inner);
