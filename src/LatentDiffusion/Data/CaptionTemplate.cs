using System.Text.RegularExpressions;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data;

/// <summary>Makes captions of a table's columns, such as <c>{name}, {group}</c>.</summary>
public sealed partial class CaptionTemplate
{
    private readonly string _text;

    private CaptionTemplate(string text) => _text = text;

    /// <summary>The columns that it reads.</summary>
    public IEnumerable<string> Columns => Places().Matches(_text).Select(match => match.Groups[1].Value);

    /// <summary>Reads a template.</summary>
    /// <exception cref="UserInputException">It names no column.</exception>
    public static CaptionTemplate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var template = new CaptionTemplate(text);
        return template.Columns.Any()
            ? template
            : throw new UserInputException(
                $"The caption \"{text}\" names no column: put the column's name in braces, as in \"{{name}}\"."
            );
    }

    /// <summary>A row's caption; null where the row has nothing in one of the columns.</summary>
    /// <param name="valueOf">The row's value in a column.</param>
    public string? Fill(Func<string, string?> valueOf) =>
        Columns.All(column => !string.IsNullOrWhiteSpace(valueOf(column)))
            ? Places().Replace(_text, match => valueOf(match.Groups[1].Value)!)
            : null;

    /// <inheritdoc/>
    public override string ToString() => _text;

    [GeneratedRegex(@"\{([^{}]+)\}")]
    private static partial Regex Places();
}
