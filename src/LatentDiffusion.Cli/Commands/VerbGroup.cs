using System.CommandLine;

namespace LatentDiffusion.Cli.Commands;

/// <summary>Verbs of one family, such as the metrics of <c>ldm evaluate</c>; the next word chooses one.</summary>
internal sealed class VerbGroup : Command
{
    /// <summary>Puts verbs together.</summary>
    /// <param name="name">The word on the command line.</param>
    /// <param name="noun">What its verbs are called in messages, such as "metric".</param>
    /// <param name="description">What they do.</param>
    /// <param name="verbs">At least one <see cref="Verb"/> or further group.</param>
    public VerbGroup(string name, string noun, string description, IReadOnlyList<Command> verbs)
        : base(name, description)
    {
        Noun = noun;
        foreach (var verb in verbs)
        {
            Subcommands.Add(verb);
        }
    }

    public string Noun { get; }
}
