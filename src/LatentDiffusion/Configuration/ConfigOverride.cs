using System.Globalization;

namespace LatentDiffusion.Configuration;

/// <summary>A value given as <c>path.to.key=value</c> instead of in the file.</summary>
internal sealed record ConfigOverride(IReadOnlyList<string> Path, ConfigNode Value, ConfigLocation Location)
{
    public static ConfigOverride Parse(string text)
    {
        var location = new ConfigLocation(
            $"override {ScalarFormat.Quoted(text)}",
            Directory.GetCurrentDirectory(),
            Line: 0,
            Column: 0
        );
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var path = equals < 0 ? [] : text[..equals].Split('.', StringSplitOptions.TrimEntries);
        if (path.Length == 0 || path.Contains(""))
        {
            throw new ConfigException(location, "write it as key=value, for example unet.channels=64");
        }

        var value = YamlReader.Read(text[(equals + 1)..], _ => location);
        return new ConfigOverride(path, value ?? new ConfigScalar(location, "", IsQuoted: false), location);
    }

    /// <summary>The document with this value in its place; mappings on the way are made where they are missing.</summary>
    public ConfigMap ApplyTo(ConfigMap root) => (ConfigMap)Set(root, depth: 0);

    private ConfigNode Set(ConfigNode? node, int depth)
    {
        if (depth == Path.Count)
        {
            return Merge(node, Value);
        }

        return node switch
        {
            ConfigMap map => map.With(Entry(map.Find(Path[depth]), Path[depth], old => Set(old, depth + 1))),
            ConfigList list => list.With(Index(list, depth), Set(list.Items[Index(list, depth)], depth + 1)),
            null or ConfigScalar { IsNull: true } => Set(new ConfigMap(Location, []), depth),
            _ => throw new ConfigException(
                Location,
                $"{Prefix(depth)} is {node.Description} ({node.Location}), which has no key '{Path[depth]}'"
            ),
        };
    }

    private int Index(ConfigList list, int depth) =>
        int.TryParse(Path[depth], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
        && index < list.Items.Count
            ? index
            : throw new ConfigException(
                Location,
                $"{Prefix(depth)} is a list of {list.Items.Count} ({list.Location}), it has no item '{Path[depth]}'"
            );

    // A mapping completes the one in the file, as a file completes the defaults, unless it starts another kind.
    private ConfigNode Merge(ConfigNode? old, ConfigNode value) =>
        old is ConfigMap target && value is ConfigMap source && source.Find(KindSet.Key) is null
            ? source.Entries.Aggregate(
                target,
                (map, entry) => map.With(Entry(map.Find(entry.Key), entry.Key, below => Merge(below, entry.Value)))
            )
            : value;

    private ConfigEntry Entry(ConfigEntry? old, string key, Func<ConfigNode?, ConfigNode> change)
    {
        var value = change(old?.Value);
        return new ConfigEntry(key, old is null || value.Location.IsOverride ? Location : old.Location, value);
    }

    private string Prefix(int depth) => string.Join('.', Path.Take(depth));
}
