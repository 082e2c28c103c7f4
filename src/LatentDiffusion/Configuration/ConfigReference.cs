using System.ComponentModel;
using System.Reflection;
using System.Text;

namespace LatentDiffusion.Configuration;

/// <summary>Documents configuration records from their attributes.</summary>
public static class ConfigReference
{
    /// <summary>
    /// A Markdown reference of a record and of every record below it: one section each, with a table of its keys.
    /// </summary>
    /// <param name="root">The record a document is bound to.</param>
    /// <param name="title">The heading of the whole; sections are one level lower.</param>
    public static string ToMarkdown(Type root, string title)
    {
        var text = new StringBuilder($"# {title}\n");
        foreach (var type in Records(root))
        {
            text.Append(Section(type));
        }

        return text.ToString();
    }

    /// <summary>The properties that a <see cref="DescriptionAttribute"/> is missing from, as <c>Record.Property</c>.</summary>
    /// <param name="root">The record a document is bound to; the records below it are searched too.</param>
    public static IReadOnlyList<string> Undocumented(Type root) =>
        [
            .. Records(root)
                .Where(type => !type.IsAbstract)
                .SelectMany(type =>
                    RecordSchema
                        .Of(type)
                        .Properties.Where(property => string.IsNullOrWhiteSpace(property.Description))
                        .Select(property => $"{type.Name}.{property.Name}")
                ),
        ];

    /// <summary>The record and all below it, each once, nearest first.</summary>
    private static List<Type> Records(Type root)
    {
        List<Type> found = [root];
        for (var i = 0; i < found.Count; i++)
        {
            var below = found[i].IsAbstract
                ? KindSet.Of(found[i])!.Types
                : RecordSchema.Of(found[i]).Properties.Select(property => RecordIn(property.Type)).OfType<Type>();
            found.AddRange(below.Where(type => !found.Contains(type)).Distinct().ToList());
        }

        return found;
    }

    private static Type? RecordIn(ConfigType type) =>
        type switch
        {
            ConfigType.Record => type.Clr,
            ConfigType.Sequence sequence => RecordIn(sequence.Element),
            _ => null,
        };

    private static string Section(Type type)
    {
        var text = new StringBuilder($"\n## {type.Name}\n\n");
        if (type.GetCustomAttribute<DescriptionAttribute>(inherit: false) is { Description: var description })
        {
            text.Append(description).Append("\n\n");
        }

        if (type.IsAbstract)
        {
            text.Append("The key `kind` chooses one of these.\n\n| `kind` | keys |\n|---|---|\n");
            foreach (var kind in KindSet.Of(type)!.Types)
            {
                text.Append($"| `{KindSet.NameOf(kind)}` | {Link(kind)} |\n");
            }

            return text.ToString();
        }

        text.Append("| key | type | default | range | description |\n|---|---|---|---|---|\n");
        if (KindSet.NameOf(type) is { } name)
        {
            text.Append($"| `{KindSet.Key}` | `{name}` | required | | Chooses this record. |\n");
        }

        foreach (var (property, standard) in Defaults(type))
        {
            var range = string.Join(", ", property.Limits.Select(limit => limit.InSymbols));
            text.Append($"| `{property.Key}` | {TypeName(property)} | {DefaultName(property, standard)} ")
                .Append($"| {range} | {Cell(property.Description ?? "")} |\n");
        }

        return text.ToString();
    }

    private static string TypeName(ConfigProperty property) => TypeName(property.Type, property.IsPath);

    private static string TypeName(ConfigType type, bool isPath)
    {
        var name = type switch
        {
            ConfigType.Sequence sequence => $"list of {TypeName(sequence.Element, isPath)}",
            ConfigType.Scalar { Type.IsEnum: true } scalar => string.Join(
                ", ",
                ScalarParser.EnumNames(scalar.Type).Select(name => $"`{name}`")
            ),
            ConfigType.Scalar scalar when scalar.Type == typeof(string) => isPath ? "path" : "text",
            ConfigType.Scalar scalar when scalar.Type == typeof(bool) => "true or false",
            ConfigType.Scalar scalar when scalar.Type == typeof(double) => "number",
            ConfigType.Scalar => "integer",
            _ => Link(type.Clr),
        };
        return type.IsNullable ? $"{name} or null" : name;
    }

    private static string DefaultName(ConfigProperty property, object? standard) =>
        property.IsRequired ? "required" : $"`{Cell(Brief(property.Type, standard))}`";

    /// <summary>A default as one would write it: of a record only what differs from the record's own defaults.</summary>
    private static string Brief(ConfigType type, object? value)
    {
        if (type is not ConfigType.Record || value is null)
        {
            return ConfigWriter.ToInlineYaml(value);
        }

        var kind = KindSet.NameOf(value.GetType()) is { } name ? [$"{KindSet.Key}: {name}"] : Array.Empty<string>();
        var rest = Defaults(value.GetType())
            .Select(pair => (pair.Property, Own: pair.Default, Value: pair.Property.GetValue(value)))
            .Where(item =>
                item.Property.IsRequired || ConfigWriter.ToInlineYaml(item.Own) != ConfigWriter.ToInlineYaml(item.Value)
            )
            .Select(item => $"{item.Property.Key}: {Brief(item.Property.Type, item.Value)}");
        return $"{{{string.Join(", ", kind.Concat(rest))}}}";
    }

    private static List<(ConfigProperty Property, object? Default)> Defaults(Type type)
    {
        var found = new Dictionary<ConfigProperty, object?>();
        var schema = RecordSchema.Of(type);
        schema.Create((property, standard) => found[property] = standard);
        return [.. schema.Properties.Select(property => (property, found[property]))];
    }

    private static string Link(Type type) => $"[{type.Name}](#{type.Name.ToLowerInvariant()})";

    private static string Cell(string text) =>
        text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
