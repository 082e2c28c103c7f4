using System.Text.RegularExpressions;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>Values of a plan's variables, in order.</summary>
/// <param name="Values">Names and values.</param>
internal sealed partial record Bindings(IReadOnlyList<(string Name, string Value)> Values)
{
    /// <summary>No variables.</summary>
    public static Bindings None { get; } = new([]);

    /// <summary>As it is written: "f=4 part=2".</summary>
    public string Text => string.Join(' ', Values.Select(v => $"{v.Name}={v.Value}"));

    /// <summary>Reads "f=4 part=2".</summary>
    /// <exception cref="UserInputException">A part is no name and value.</exception>
    public static Bindings Parse(string text) =>
        new([
            .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(part =>
                    part.Split('=', 2) is [{ Length: > 0 } name, var value]
                        ? (name, value)
                        : throw new UserInputException($"'{part}' in the plan is not of the form name=value.")
                ),
        ]);

    /// <summary>All combinations of values, the last list changing fastest.</summary>
    /// <exception cref="UserInputException">A part is no name and value.</exception>
    public static IEnumerable<Bindings> Combinations(IEnumerable<IReadOnlyList<string>> lists) =>
        lists.Aggregate(
            (IEnumerable<Bindings>)[None],
            (all, list) => all.SelectMany(b => list.Select(text => new Bindings([.. b.Values, .. Parse(text).Values])))
        );

    /// <summary>The value of a variable, or null.</summary>
    public string? Find(string name) => Values.FirstOrDefault(v => v.Name == name).Value;

    /// <summary>Whether no variable that both have differs.</summary>
    public bool AgreesWith(Bindings other) => Values.All(v => other.Find(v.Name) is not { } value || value == v.Value);

    /// <summary>Those variables of a list of names that there are.</summary>
    public Bindings Only(IEnumerable<string> names) => new([.. Values.Where(v => names.Contains(v.Name))]);

    /// <summary>A text with {names} replaced.</summary>
    /// <exception cref="UserInputException">A name has no value.</exception>
    public string Fill(string text) =>
        Placeholder()
            .Replace(
                text,
                match =>
                    Find(match.Groups[1].Value)
                    ?? throw new UserInputException(
                        $"The plan uses {match.Value}, which has no value there. Known: "
                            + $"{string.Join(", ", Values.Select(v => v.Name))}."
                    )
            );

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();
}
