using System.CommandLine;
using System.CommandLine.Parsing;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli;

/// <summary>Says in one sentence what is wrong with a command line.</summary>
internal static class UsageError
{
    /// <summary>Finds the first mistake.</summary>
    /// <returns>A sentence, or null when the command line is right.</returns>
    public static string? Find(ParseResult parsed, string[] args)
    {
        var unknown = parsed.UnmatchedTokens.Concat(MistakenOptions(parsed, args)).FirstOrDefault();
        return unknown is not null ? Unknown(parsed.CommandResult.Command, unknown)
            : parsed.Errors.FirstOrDefault(error => !IsVerbOfItsOwn(error)) is { } error ? Describe(error)
            : null;
    }

    // A verb that has others below it does something without them, too.
    private static bool IsVerbOfItsOwn(ParseError error) =>
        error.SymbolResult is CommandResult { Command: Verb { Subcommands.Count: > 0 } };

    // A verb that takes any number of arguments swallows misspelt options. What follows "--" is meant literally.
    private static IEnumerable<string> MistakenOptions(ParseResult parsed, string[] args)
    {
        var literal = args.SkipWhile(a => a != "--").ToHashSet();
        return parsed
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(a => a.Tokens)
            .Select(t => t.Value)
            .Where(v => v.Length > 1 && v[0] == '-' && !char.IsAsciiDigit(v[1]) && !literal.Contains(v));
    }

    private static string Unknown(Command command, string token)
    {
        var isOption = token.StartsWith('-');
        var kind =
            isOption ? "option"
            : command is VerbGroup group ? group.Noun
            : command.Subcommands.Count > 0 ? "verb"
            : "argument";
        var names = isOption
            ? Lineage(command).SelectMany(c => c.Options).Select(o => o.Name)
            : command.Subcommands.Select(c => c.Name);
        var near = NearestName.Of(token.Split('=', 2)[0], names);
        return near is null ? $"unknown {kind} '{token}'." : $"unknown {kind} '{token}'; did you mean '{near}'?";
    }

    private static IEnumerable<Command> Lineage(Command command) =>
        command.Parents.OfType<Command>().SelectMany(Lineage).Prepend(command);

    private static string Describe(ParseError error) =>
        error.SymbolResult switch
        {
            OptionResult { Tokens: [], Implicit: true } option => $"option '{option.Option.Name}' is missing.",
            OptionResult { Tokens: [] } option => $"option '{option.Option.Name}' needs a value.",
            OptionResult { Tokens: [.., var value] } option when IsConversion(error) =>
                $"option '{option.Option.Name}' takes {Wanted(option.Option.ValueType)}, not '{value.Value}'.",
            ArgumentResult { Tokens: [] } argument => $"{argument.Argument.Name} is missing.",
            CommandResult { Command: VerbGroup group } =>
                $"a {group.Noun} is missing: {string.Join(", ", group.Subcommands.Select(c => c.Name))}.",
            CommandResult { Command.Subcommands.Count: > 0 } => "a verb is missing.",
            CommandResult command when FirstMissing(command) is { } name => $"{name} is missing.",
            _ => error.Message,
        };

    private static bool IsConversion(ParseError error) =>
        error.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal);

    private static string? FirstMissing(CommandResult result) =>
        result
            .Command.Arguments.FirstOrDefault(a =>
                a.Arity.MinimumNumberOfValues > 0 && result.GetResult(a) is not { Tokens.Count: > 0 }
            )
            ?.Name;

    private static string Wanted(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(int) || plain == typeof(long) ? "a whole number"
            : plain == typeof(double) || plain == typeof(float) ? "a number"
            : "another kind of value";
    }
}
