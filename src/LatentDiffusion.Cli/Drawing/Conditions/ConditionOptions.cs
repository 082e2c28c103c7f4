using System.CommandLine;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>The options that name the files to draw after.</summary>
internal sealed class ConditionOptions
{
    private readonly Option<double?> _scale = new("--scale")
    {
        Description = "How many times larger the result is, up to the model's own scale (default: that)",
        HelpName = "S",
    };

    private readonly Option<string?>[] _files;

    /// <param name="kind">What is done with the files.</param>
    public ConditionOptions(ShownCondition kind)
    {
        Kind = kind;
        _files =
        [
            .. kind.Roles.Select(role => new Option<string?>(role.Option)
            {
                Description = role.Description,
                HelpName = "FILE",
            }),
        ];
        Positive.Require(_scale);
    }

    /// <summary>What is done with the files.</summary>
    public ShownCondition Kind { get; }

    public IReadOnlyList<Option> All => [.. _files, .. Changing];

    /// <summary>Those that make another picture of a picture's settings. The files do not: they may just have moved.</summary>
    public IReadOnlyList<Option> Changing => Kind.TakesScale ? [_scale] : [];

    public string? ProblemOf(Func<Option, bool> isGiven) =>
        Kind.Roles.Zip(_files).FirstOrDefault(pair => !isGiven(pair.Second)).First?.Missing;

    /// <summary>The files that are named, in the order of the roles; null for one that is not.</summary>
    public IReadOnlyList<string?> Files(ParseResult arguments) => [.. _files.Select(arguments.GetValue)];

    public double? Scale(ParseResult arguments) => Kind.TakesScale ? arguments.GetValue(_scale) : null;
}
