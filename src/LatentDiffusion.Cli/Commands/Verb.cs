using System.CommandLine;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// One verb of the program. A subclass adds its arguments and options in its constructor and reads them back through
/// the <see cref="VerbContext"/>.
/// </summary>
internal abstract class Verb : Command
{
    protected Verb(string name, string description, string example)
        : base(name, description)
    {
        Example = example;
    }

    /// <summary>A command line to copy, shown below the help.</summary>
    public string Example { get; }

    /// <summary>Does the work.</summary>
    /// <param name="context">The command line and the way to talk to the user.</param>
    /// <param name="cancellation">Asks to stop: bring everything to a safe state, then throw.</param>
    /// <returns>The <see cref="ExitCode"/>: done, or failed when the result itself says so.</returns>
    /// <exception cref="Errors.UserInputException">The user's input is wrong (exit code 2).</exception>
    /// <exception cref="OperationCanceledException">The work was stopped before its end (exit code 130 or 143).</exception>
    public abstract Task<int> RunAsync(VerbContext context, CancellationToken cancellation);
}
