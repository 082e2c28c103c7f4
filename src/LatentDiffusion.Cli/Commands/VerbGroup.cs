using System.CommandLine;

namespace LatentDiffusion.Cli.Commands;

/// <summary>Verbs that share a first word, as in <c>ldm data prepare photos</c>.</summary>
internal sealed class VerbGroup : Command
{
    public VerbGroup(string name, string description, params ReadOnlySpan<Command> members)
        : base(name, description)
    {
        foreach (var member in members)
        {
            Subcommands.Add(member);
        }
    }

    /// <summary>All verbs of the group, however deep.</summary>
    public static IEnumerable<Verb> VerbsBelow(Command command) =>
        command is Verb verb ? [verb] : command.Subcommands.SelectMany(VerbsBelow);
}
