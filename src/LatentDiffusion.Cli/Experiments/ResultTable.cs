namespace LatentDiffusion.Cli.Experiments;

/// <summary>A table of an experiment, for Markdown and HTML alike.</summary>
/// <param name="Title">What the numbers are.</param>
/// <param name="Rows">The head and the rows below it, all of one length.</param>
internal sealed record ResultTable(string Title, IReadOnlyList<string[]> Rows);
