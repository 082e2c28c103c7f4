using System.Globalization;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Models.Foreign;

/// <summary>A mapping of another program's YAML, read value by value.</summary>
internal sealed class YamlValues(ConfigMap map)
{
    public ConfigMap Map => map;

    public bool Has(string key) => map.Find(key) is { Value: not ConfigScalar { IsNull: true } };

    /// <summary>A mapping within this one; null where there is none, or something else.</summary>
    public YamlValues? Child(string key) => map.Find(key)?.Value is ConfigMap child ? new YamlValues(child) : null;

    public string? Text(string key) =>
        map.Find(key)?.Value is ConfigScalar { IsNull: false } scalar ? scalar.Text : null;

    public int? Integer(string key) => Number(key) is { } number ? ToInteger(key, number) : null;

    /// <summary>A number above 0; null where there is none.</summary>
    public int? Positive(string key) => Integer(key) is { } number && number > 0 ? number : null;

    /// <summary>A number above 0 that must be there.</summary>
    public int Required(string key) => Positive(key) ?? throw Wrong(key, "is missing or not above 0");

    public double? Number(string key) => Text(key) is { } text ? Parse(map.Find(key)!.Value, text) : null;

    public bool? Truth(string key) =>
        Text(key)?.ToUpperInvariant() switch
        {
            null => null,
            "TRUE" => true,
            "FALSE" => false,
            _ => throw Wrong(key, "must be true or false"),
        };

    public IReadOnlyList<int>? Integers(string key) =>
        map.Find(key)?.Value switch
        {
            ConfigList list =>
            [
                .. list.Items.Select(item =>
                    item is ConfigScalar scalar
                        ? ToInteger(key, Parse(item, scalar.Text))
                        : throw Wrong(key, "must be a list of numbers")
                ),
            ],
            null or ConfigScalar { IsNull: true } => null,
            _ => throw Wrong(key, "must be a list of numbers"),
        };

    /// <summary>A list of texts; null where there is none.</summary>
    public IReadOnlyList<string>? Texts(string key) =>
        map.Find(key)?.Value is ConfigList list
            ? [.. list.Items.OfType<ConfigScalar>().Select(item => item.Text)]
            : null;

    public ConfigException Wrong(string key, string problem) =>
        new(map.Find(key)?.Location ?? map.Location, $"'{key}' {problem}");

    private static double Parse(ConfigNode node, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ConfigException(node.Location, $"'{text}' is not a number");

    private int ToInteger(string key, double number) =>
        number == Math.Floor(number) && Math.Abs(number) < int.MaxValue
            ? (int)number
            : throw Wrong(key, "must be a whole number");
}
