namespace LatentDiffusion.Cli.Commands;

/// <summary>Makes file names of names that people chose.</summary>
internal static class FileNames
{
    /// <summary>Replaces what a file name on any system may not hold.</summary>
    public static string Safe(string name) =>
        string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('.', '-')
            is { Length: > 0 } safe
            ? safe
            : "unnamed";
}
