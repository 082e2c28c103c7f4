using LatentDiffusion.Errors;

namespace LatentDiffusion.Data;

/// <summary>Keeps the rows in which every named column has its value, such as <c>split=train &amp; style=noto</c>.</summary>
public sealed class RowFilter
{
    private readonly (string Column, string Value)[] _conditions;

    private RowFilter((string Column, string Value)[] conditions) => _conditions = conditions;

    /// <summary>The columns that it reads.</summary>
    public IEnumerable<string> Columns => _conditions.Select(condition => condition.Column);

    /// <summary>Reads <c>column=value</c>, or several of them joined by <c>&amp;</c>; a value may be empty.</summary>
    /// <exception cref="UserInputException">There is no '=' or no column name.</exception>
    public static RowFilter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new RowFilter([.. text.Split('&').Select(Condition)]);

        (string Column, string Value) Condition(string part)
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            return at > 0 && part[..at].Trim() is { Length: > 0 } column
                ? (column, part[(at + 1)..].Trim())
                : throw new UserInputException(
                    $"Row filter \"{text}\" is not of the form column=value, as in split=train."
                );
        }
    }

    /// <summary>Whether a row stays.</summary>
    /// <param name="valueOf">The row's value in a column; null where it has none, which no condition accepts.</param>
    public bool Keeps(Func<string, string?> valueOf) =>
        _conditions.All(condition => valueOf(condition.Column) == condition.Value);

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(" & ", _conditions.Select(condition => $"{condition.Column}={condition.Value}"));
}
