namespace LatentDiffusion.Configuration;

/// <summary>A part of a YAML document and where it was written. Immutable, so aliases may share it.</summary>
internal abstract record ConfigNode(ConfigLocation Location)
{
    /// <summary>The node as an error message names it.</summary>
    public abstract string Description { get; }
}

/// <summary>A text; unquoted it may stand for a number, a truth value or null.</summary>
internal sealed record ConfigScalar(ConfigLocation Location, string Text, bool IsQuoted) : ConfigNode(Location)
{
    public bool IsNull => !IsQuoted && ScalarParser.IsNull(Text);

    public override string Description =>
        IsNull ? "null"
        : IsQuoted ? $"the text {ScalarFormat.Quoted(Text)}"
        : ScalarFormat.Quoted(Text);
}

internal sealed record ConfigList(ConfigLocation Location, IReadOnlyList<ConfigNode> Items) : ConfigNode(Location)
{
    public override string Description => "a list";

    public ConfigList With(int index, ConfigNode item) =>
        this with
        {
            Items = [.. Items.Select((old, i) => i == index ? item : old)],
        };
}

internal sealed record ConfigMap(ConfigLocation Location, IReadOnlyList<ConfigEntry> Entries) : ConfigNode(Location)
{
    public override string Description => "a mapping";

    public ConfigEntry? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key);

    /// <summary>The mapping with the entry in the place of the one of the same key, or at the end.</summary>
    public ConfigMap With(ConfigEntry entry) =>
        this with
        {
            Entries = Find(entry.Key) is null
                ? [.. Entries, entry]
                : [.. Entries.Select(old => old.Key == entry.Key ? entry : old)],
        };
}

internal sealed record ConfigEntry(string Key, ConfigLocation Location, ConfigNode Value);
