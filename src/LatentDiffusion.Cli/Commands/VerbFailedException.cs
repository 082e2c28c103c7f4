namespace LatentDiffusion.Cli.Commands;

/// <summary>Ends a verb with exit code 1 when its result has already told the user why.</summary>
internal sealed class VerbFailedException : Exception;
