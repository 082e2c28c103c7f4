using System.CommandLine.Parsing;
using System.Security.Cryptography;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>What a plan's commands read and write, as far as their words tell.</summary>
internal static class PlanInputs
{
    /// <summary>A hash of the configurations that a command names; empty where it names none.</summary>
    /// <param name="command">The command line, after "ldm".</param>
    public static string Configurations(string command)
    {
        var files = CommandLineParser
            .SplitCommandLine(command)
            .Where(word => word.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) && File.Exists(word))
            .ToList();
        return files.Count == 0
            ? ""
            : Convert.ToHexStringLower(SHA256.HashData([.. files.SelectMany(File.ReadAllBytes)]));
    }

    /// <summary>Whether two commands name the same file or folder of an experiment, such as the run that one trains.</summary>
    /// <param name="command">A command line.</param>
    /// <param name="other">Another.</param>
    /// <param name="folder">The experiment's folder.</param>
    public static bool ShareFiles(string command, string other, string folder) =>
        FilesIn(command, folder).Intersect(FilesIn(other, folder)).Any();

    // Also "first_stage=FOLDER/autoencoder".
    private static IEnumerable<string> FilesIn(string command, string folder) =>
        from word in CommandLineParser.SplitCommandLine(command)
        let start = word.IndexOf(folder, StringComparison.Ordinal)
        where start >= 0
        select word[start..];
}
