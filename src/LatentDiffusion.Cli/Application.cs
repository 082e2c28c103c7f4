using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Cli.Processes;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors.Runtime;
using LatentDiffusion.Training;

namespace LatentDiffusion.Cli;

/// <summary>The program: parses the command line, runs one verb and turns what happens into an exit code.</summary>
internal sealed class Application
{
    // A value may start with '@' (prompts do), so there are no response files; nor bundles of one-letter options.
    private static readonly ParserConfiguration Parsing = new()
    {
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = false,
    };

    private const string OutOfMemory =
        "There is not enough memory. Use smaller images, fewer at once, or a smaller model.";

    private readonly RootCommand _root = new("Latent diffusion models: train both stages, sample, measure.");
    private readonly CommonOptions _common = new();
    private readonly TextWriter _errors;

    /// <summary>Puts the program together.</summary>
    /// <param name="verbs">Each a <see cref="Verb"/> or a <see cref="VerbGroup"/>.</param>
    /// <param name="errors">Receives what went wrong.</param>
    public Application(IReadOnlyList<Command> verbs, TextWriter errors)
    {
        _errors = errors;
        foreach (var option in _common.All)
        {
            _root.Options.Add(option);
        }

        foreach (var verb in verbs)
        {
            _root.Subcommands.Add(verb);
        }

        var help = _root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
    }

    /// <summary>Runs the verb that <paramref name="args"/> name.</summary>
    /// <returns>One of <see cref="ExitCode"/>, or 128 + the signal's number when stopped by a signal.</returns>
    public async Task<int> RunAsync(string[] args)
    {
        var parsed = _root.Parse(args.Length == 0 ? ["--help"] : args, Parsing);
        var name = NameOf(parsed.CommandResult);
        if (parsed.Action is not null and not ParseErrorAction)
        {
            return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
        }

        if (UsageError.Find(parsed, args) is { } problem)
        {
            return Fail(name, $"{problem} See '{name} --help'.", ExitCode.WrongInput);
        }

        var verb = (Verb)parsed.CommandResult.Command;
        using var interruption = new Interruption();
        try
        {
            var output = Output.ForConsole(parsed.GetValue(_common.Json), parsed.GetValue(_common.Quiet));
            return await verb.RunAsync(new VerbContext(parsed, _common, output), interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return Fail(name, "stopped.", interruption.ExitCode);
        }
        catch (Exception e)
        {
            return Fail(name, e);
        }
    }

    /// <summary>Looks for a mistake in a command line, and runs nothing.</summary>
    /// <returns>A sentence, or null when the command line is right.</returns>
    public string? FindMistake(string[] args) => UsageError.Find(_root.Parse(args, Parsing), args);

    private static string NameOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{NameOf(parent)} {result.Command.Name}" : "ldm";

    private int Fail(string name, Exception exception)
    {
        var cause = TorchRuntime.Unwrap(exception) ?? exception;
        if (Environment.GetEnvironmentVariable("LDM_TRACE") == "1")
        {
            _errors.WriteLine(exception);
        }

        return cause switch
        {
            UserInputException => Fail(name, FirstLine(cause.Message), ExitCode.WrongInput),
            CommandFailedException failed => Fail(name, FirstLine(cause.Message), failed.ExitCode),
            TorchRuntimeException or TrainingDivergedException or IOException or UnauthorizedAccessException => Fail(
                name,
                FirstLine(cause.Message),
                ExitCode.Failed
            ),
            OutOfMemoryException => Fail(name, OutOfMemory, ExitCode.Failed),
            // libtorch's allocator has no type of its own.
            ExternalException when cause.Message.Contains("allocate memory", StringComparison.Ordinal) => Fail(
                name,
                OutOfMemory,
                ExitCode.Failed
            ),
            _ => Fail(
                name,
                $"{FirstLine(cause.Message)} ({cause.GetType().Name}; LDM_TRACE=1 shows where it happened)",
                ExitCode.Failed
            ),
        };
    }

    private int Fail(string name, string message, int exitCode)
    {
        _errors.WriteLine($"{name}: {message}");
        return exitCode;
    }

    // Native errors carry a stack trace of their own below the first line.
    private static string FirstLine(string message) => message.TrimStart().Split('\n', 2)[0].TrimEnd();
}
