using System.Globalization;

namespace LatentDiffusion.Configuration;

/// <summary>Reads numbers, truth values, texts and enumeration values as the YAML 1.2 core schema writes them.</summary>
internal static class ScalarParser
{
    /// <summary>Whether unquoted text means null.</summary>
    public static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>Reads the scalar as <paramref name="type"/>, or returns null when it is not one.</summary>
    /// <remarks>Quotes make a text: <c>"3"</c> is no number. An unquoted number is a fine text.</remarks>
    public static object? Parse(ConfigScalar scalar, Type type)
    {
        var text = scalar.Text;
        if (scalar.IsNull)
        {
            return null;
        }

        if (type == typeof(string))
        {
            return text;
        }

        if (type.IsEnum)
        {
            var name = Enum.GetNames(type).FirstOrDefault(name => ScalarFormat.SnakeCase(name) == text);
            return name is null ? null : Enum.Parse(type, name);
        }

        if (scalar.IsQuoted)
        {
            return null;
        }

        // The cast keeps the numbers apart: without it every branch would become a double.
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => (object?)Truth(text),
            TypeCode.Int32 => Integer<int>(text),
            TypeCode.Int64 => Integer<long>(text),
            TypeCode.Double => Real(text),
            _ => throw new InvalidOperationException($"{type} is no scalar of a configuration."),
        };
    }

    /// <summary>Whether a reader of YAML would take unquoted text for something other than a text.</summary>
    public static bool LooksTyped(string text) =>
        IsNull(text) || Truth(text) is not null || double.TryParse(text, CultureInfo.InvariantCulture, out _);

    /// <summary>What <see cref="Parse"/> accepts, for an error message.</summary>
    public static string Expectation(Type type) =>
        type == typeof(string) ? "text (in quotes when empty)"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) ? $"an integer from {int.MinValue} to {int.MaxValue}"
        : type == typeof(long) ? "a 64-bit integer"
        : type == typeof(double) ? "a finite number"
        : $"one of {string.Join(", ", EnumNames(type))}";

    /// <summary>The names of an enumeration as they are written in YAML.</summary>
    public static IEnumerable<string> EnumNames(Type type) => Enum.GetNames(type).Select(ScalarFormat.SnakeCase);

    private static bool? Truth(string text) =>
        text switch
        {
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ => null,
        };

    private static T? Integer<T>(string text)
        where T : struct, System.Numerics.IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static double? Real(string text)
    {
        const NumberStyles style =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, style, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : null;
    }
}
