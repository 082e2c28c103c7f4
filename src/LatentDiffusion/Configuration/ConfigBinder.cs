using System.Globalization;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Configuration;

/// <summary>Makes records from nodes. Every error names the place and the dotted path of the key.</summary>
internal static class ConfigBinder
{
    public static object Bind(Type type, ConfigMap root) => BindRecord(root, type, new Place("", root.Location), null);

    /// <summary>Where a value is bound: its dotted path, the place to blame and the property whose rules it obeys.</summary>
    private sealed record Place(string Path, ConfigLocation Location, ConfigProperty? Property = null)
    {
        public string Name => Path.Length == 0 ? "the top level" : Path;

        public Place Below(string key, ConfigLocation location, ConfigProperty? property) =>
            new(Path.Length == 0 ? key : $"{Path}.{key}", location, property);

        public ConfigException Error(string problem) => new(Location, problem);

        public ConfigException Unexpected(ConfigNode found, string expected, string? guess = null) =>
            Error(
                $"{Name} is {found.Description}; {expected} is expected"
                    + (guess is null ? "" : $". Did you mean '{guess}'?")
            );
    }

    /// <param name="node">The node to bind.</param>
    /// <param name="type">What it has to be.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="basis">The default value, which a node may give only parts of.</param>
    private static object? BindValue(ConfigNode node, ConfigType type, Place place, object? basis)
    {
        if (type.IsNullable && node is ConfigScalar { IsNull: true })
        {
            return null;
        }

        return type switch
        {
            ConfigType.Scalar scalar => BindScalar(node, scalar.Type, place),
            ConfigType.Sequence sequence => BindList(node, sequence, place, basis),
            _ => BindRecord(node, type.Clr, place, basis),
        };
    }

    private static object BindScalar(ConfigNode node, Type type, Place place)
    {
        if (node is not ConfigScalar scalar || ScalarParser.Parse(scalar, type) is not { } value)
        {
            var guess =
                type.IsEnum && node is ConfigScalar { Text: var text }
                    ? NearestName.Of(text, ScalarParser.EnumNames(type))
                    : null;
            throw place.Unexpected(node, ScalarParser.Expectation(type), guess);
        }

        foreach (var limit in place.Property?.Limits ?? [])
        {
            if (!limit.Allows(Convert.ToDouble(value, CultureInfo.InvariantCulture)))
            {
                throw place.Error($"{place.Name} is {scalar.Text}; it must be {limit.InWords}");
            }
        }

        return place.Property is { IsPath: true } ? AbsolutePath(scalar, place) : value;
    }

    private static string AbsolutePath(ConfigScalar path, Place place) =>
        path.Text.Length == 0 || path.Text.Contains('\0', StringComparison.Ordinal)
            ? throw place.Unexpected(path, "a path")
            : Path.GetFullPath(path.Text, path.Location.Folder);

    private static Array BindList(ConfigNode node, ConfigType.Sequence type, Place place, object? basis)
    {
        if (node is ConfigMap { Location.IsOverride: true } items && basis is System.Collections.ICollection defaults)
        {
            return BindItems(items, type, place, defaults);
        }

        if (node is not ConfigList list)
        {
            throw place.Unexpected(node, "a list");
        }

        var array = Array.CreateInstance(type.Element.Clr, list.Items.Count);
        for (var i = 0; i < array.Length; i++)
        {
            var item = list.Items[i];
            var below = place.Below($"{i}", item.Location, place.Property);
            array.SetValue(BindValue(item, type.Element, below, basis: null), i);
        }

        return array;
    }

    // An override of one item (list.0=value) of a list that no file gives changes that item of the default.
    private static Array BindItems(
        ConfigMap items,
        ConfigType.Sequence type,
        Place place,
        System.Collections.ICollection defaults
    )
    {
        var array = Array.CreateInstance(type.Element.Clr, defaults.Count);
        defaults.CopyTo(array, 0);
        foreach (var (key, location, node) in items.Entries)
        {
            var below = place.Below(key, location, place.Property);
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var i) || i >= array.Length)
            {
                throw below.Error($"{place.Name} is a list of {array.Length}, it has no item '{key}'");
            }

            array.SetValue(BindValue(node, type.Element, below, array.GetValue(i)), i);
        }

        return array;
    }

    private static object BindRecord(ConfigNode node, Type declared, Place place, object? basis)
    {
        if (node is not ConfigMap map)
        {
            throw place.Unexpected(node, "a mapping of keys to values");
        }

        var kinds = KindSet.Of(declared);
        var type = kinds is null ? declared : ChooseKind(kinds, map, place, basis);
        var schema = RecordSchema.Of(type);
        RefuseUnknownKeys(map, schema, kinds is not null, place);

        var sameKind = basis?.GetType() == type ? basis : null;
        var record = schema.Create(
            (property, ownDefault) =>
            {
                var usual = sameKind is null ? ownDefault : property.GetValue(sameKind);
                return map.Find(property.Key) is { } entry
                        ? BindValue(entry.Value, property.Type, place.Below(entry.Key, entry.Location, property), usual)
                    : property.IsRequired && sameKind is null
                        ? throw place.Error($"{place.Name} lacks the required key '{property.Key}'")
                    : usual;
            }
        );
        if (record is IConfigCheck check && check.Check().FirstOrDefault() is { } problem)
        {
            throw Failure(problem, record, map, place);
        }

        return record;
    }

    private static Type ChooseKind(KindSet kinds, ConfigMap map, Place place, object? basis)
    {
        if (map.Find(KindSet.Key) is { } entry)
        {
            var below = place.Below(entry.Key, entry.Location, property: null);
            return entry.Value is not ConfigScalar { IsNull: false } name
                ? throw below.Unexpected(entry.Value, $"one of {string.Join(", ", kinds.Names)}")
                : kinds.Find(name.Text) ?? throw UnknownKind(name, kinds, below);
        }

        if (basis is null && kinds.Names.Count > 1)
        {
            var known = string.Join(", ", kinds.Names);
            throw place.Error($"{place.Name} lacks the required key '{KindSet.Key}', one of {known}");
        }

        return basis?.GetType() ?? kinds.Types[0];
    }

    private static ConfigException UnknownKind(ConfigScalar name, KindSet kinds, Place place)
    {
        var guess = NearestName.Of(name.Text, kinds.Names) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        return place.Error(
            $"{place.Name} is {ScalarFormat.Quoted(name.Text)}, an unknown kind.{guess}"
                + $" The kinds are {string.Join(", ", kinds.Names)}."
        );
    }

    private static void RefuseUnknownKeys(ConfigMap map, RecordSchema schema, bool hasKind, Place place)
    {
        string[] keys = [.. hasKind ? [KindSet.Key] : Array.Empty<string>(), .. schema.Properties.Select(p => p.Key)];
        if (map.Entries.FirstOrDefault(entry => !keys.Contains(entry.Key)) is { } stranger)
        {
            var advice = NearestName.Advice(stranger.Key, keys, "keys");
            var where = place.Path.Length == 0 ? "at the top level" : $"in {place.Path}";
            throw new ConfigException(
                stranger.Location,
                $"unknown key {ScalarFormat.Quoted(stranger.Key)} {where}. {advice}"
            );
        }
    }

    /// <summary>Blames the key of the property; when it is not written, the mapping it would be in.</summary>
    private static ConfigException Failure(ConfigProblem problem, object record, ConfigMap map, Place place)
    {
        object? value = record;
        ConfigNode? node = map;
        ConfigType? type = null;
        foreach (var name in problem.Property.Split('.'))
        {
            var property =
                RecordSchema.Of(value!.GetType()).Properties.FirstOrDefault(property => property.Name == name)
                ?? throw new InvalidOperationException($"{record.GetType().Name} checks '{name}', which it has not.");
            var entry = (node as ConfigMap)?.Find(property.Key);
            place = place.Below(property.Key, entry?.Location ?? place.Location, property);
            (value, node, type) = (property.GetValue(value), entry?.Value, property.Type);
        }

        var found = type is ConfigType.Record ? "" : $" is {ConfigWriter.ToInlineYaml(value)}";
        return place.Error($"{place.Name}{found}: {problem.Message}");
    }
}
