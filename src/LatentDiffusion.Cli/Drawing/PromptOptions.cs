using System.CommandLine;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>The options that say in words what to draw, and what not.</summary>
internal sealed class PromptOptions
{
    private readonly Option<string[]> _prompt = new("--prompt")
    {
        Description = "What to draw; (word:1.3) weighs more, [word] less; may be repeated",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _file = new("--from-file")
    {
        Description = "File of prompts, one on each line",
        HelpName = "FILE",
    };

    private readonly Option<string?> _negative = new("--negative")
    {
        Description = "What not to draw",
        HelpName = "TEXT",
    };

    public IReadOnlyList<Option> All => [_prompt, _negative, _file];

    /// <summary>Whether nothing can be drawn without a prompt.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What is wrong with the options given, if anything.</summary>
    public string? ProblemOf(Func<Option, bool> isGiven) =>
        IsRequired && !isGiven(_prompt) && !isGiven(_file)
            ? "--prompt is missing: say what to draw, or name a file of prompts with --from-file."
            : null;

    /// <summary>The prompts as they are written; none when none was given.</summary>
    /// <exception cref="UserInputException">The file cannot be read, or holds no prompt.</exception>
    public IReadOnlyList<string> Prompts(ParseResult arguments) =>
        [.. arguments.GetValue(_prompt) ?? [], .. arguments.GetValue(_file) is { } file ? ReadLines(file) : []];

    /// <summary>The negative prompt as it is written, or null.</summary>
    public string? Negative(ParseResult arguments) => arguments.GetValue(_negative);

    private static List<string> ReadLines(string path)
    {
        try
        {
            var prompts = File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
            return prompts.Count > 0
                ? prompts
                : throw new UserInputException($"--from-file {path} holds no prompt: write one on each line.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"--from-file {path} cannot be read: {e.Message}", e);
        }
    }
}
