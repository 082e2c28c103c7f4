using System.Text.RegularExpressions;

namespace LatentDiffusion.Cli.Commands;

/// <summary>Makes file names of names that people chose.</summary>
internal static partial class FileNames
{
    private const int LongestShort = 40;

    /// <summary>As <see cref="Safe"/>, and not longer than one can read: the start of a prompt, say.</summary>
    public static string Short(string name)
    {
        var safe = Dashes().Replace(Safe(name), "-");
        return safe.Length <= LongestShort ? safe : safe[..LongestShort].TrimEnd('.', '-');
    }

    /// <summary>Replaces what a file name on any system may not hold.</summary>
    public static string Safe(string name) =>
        string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('.', '-')
            is { Length: > 0 } safe
            ? safe
            : "unnamed";

    [GeneratedRegex("--+")]
    private static partial Regex Dashes();
}
