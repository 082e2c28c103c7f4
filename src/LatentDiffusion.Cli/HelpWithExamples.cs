using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli;

/// <summary>The usual help, followed by a command line to copy: the verb's own, or one of each verb.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in VerbsOf(command).Select(v => v.Example))
        {
            output.WriteLine($"  {example}");
        }

        return exitCode;
    }

    private static IEnumerable<Verb> VerbsOf(Command command) =>
        command is Verb verb ? [verb] : command.Subcommands.SelectMany(VerbsOf);
}
