using System.CommandLine.Parsing;
using System.Security.Cryptography;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>What a plan's commands read and write, as far as their words tell.</summary>
internal static class PlanInputs
{
    private const string RunOption = "--run";
    private const string ContinueOption = "--resume";
    private static readonly string[] WritingOptions = [RunOption, "--out", "--save"];

    /// <summary>A hash of the configurations that a command names; empty where it names none.</summary>
    /// <param name="command">The command line, after "ldm".</param>
    public static string Configurations(string command)
    {
        var files = Words(command)
            .Where(word => word.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) && File.Exists(word))
            .ToList();
        return files.Count == 0
            ? ""
            : Convert.ToHexStringLower(SHA256.HashData([.. files.SelectMany(File.ReadAllBytes)]));
    }

    /// <summary>The run that a command would go on with because it is there; null where it starts from nothing.</summary>
    /// <param name="command">The command line, after "ldm".</param>
    public static string? ContinuedRun(string command)
    {
        var words = Words(command);
        return
            words.Contains(ContinueOption)
            && ValuesOf(words, [RunOption]).FirstOrDefault() is { } run
            && Directory.Exists(run)
            ? run
            : null;
    }

    /// <summary>Whether a command names what another one writes, or something in it.</summary>
    /// <param name="writer">The command line that writes.</param>
    /// <param name="reader">The other one.</param>
    public static bool Uses(string writer, string reader)
    {
        var written = ValuesOf(Words(writer), WritingOptions).ToList();
        // Also "first_stage=FOLDER/autoencoder".
        return Words(reader)
            .Select(word => word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..])
            .Any(word => written.Exists(path => word == path || word.StartsWith(path + "/", StringComparison.Ordinal)));
    }

    private static List<string> Words(string command) => [.. CommandLineParser.SplitCommandLine(command)];

    private static IEnumerable<string> ValuesOf(List<string> words, string[] options) =>
        words.Zip(words.Skip(1)).Where(pair => options.Contains(pair.First)).Select(pair => pair.Second);
}
