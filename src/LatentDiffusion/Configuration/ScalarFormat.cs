using System.Globalization;
using System.Text.Json;

namespace LatentDiffusion.Configuration;

/// <summary>How values and names are written, the same in every culture.</summary>
internal static class ScalarFormat
{
    private const int LongestQuote = 60;

    /// <summary>The key of a property or the name of an enumeration value: <c>NumHeads</c> is <c>num_heads</c>.</summary>
    public static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>The shortest text that reads back as the same number. YAML 1.1 readers want a dot before an exponent.</summary>
    public static string Number(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
        return text.Contains('e') && !text.Contains('.') ? text.Replace("e", ".0e", StringComparison.Ordinal) : text;
    }

    /// <summary>A number, truth value or enumeration value as plain YAML.</summary>
    public static string Plain(object value) =>
        value switch
        {
            double number => Number(number),
            bool truth => truth ? "true" : "false",
            Enum member => SnakeCase(member.ToString()),
            IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new InvalidOperationException($"{value.GetType()} has no plain form."),
        };

    /// <summary>What the user wrote, quoted for an error message and cut when long.</summary>
    public static string Quoted(string text) => text.Length > LongestQuote ? $"'{text[..LongestQuote]}…'" : $"'{text}'";

    /// <summary>The text with spaces for whatever would break its line or upset a terminal.</summary>
    public static string OneLine(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));
}
