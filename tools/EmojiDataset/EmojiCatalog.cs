using System.Text.Json;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Reads the emojibase tables: which emoji exist, and what they are called.</summary>
internal static class EmojiCatalog
{
    /// <summary>All base emoji and all their skin tones that belong to one of the nine groups.</summary>
    /// <remarks>
    /// Left out are the parts that emoji are composed of: skin tone swatches and hair (the group "component") and
    /// regional indicator letters (no group at all).
    /// </remarks>
    public static IReadOnlyList<Emoji> Read(string packagesFolder)
    {
        using var groups = Parse(packagesFolder, "meta/groups.json");
        using var entries = Parse(packagesFolder, "en/data.json");
        return [.. entries.RootElement.EnumerateArray().SelectMany(entry => ReadFamily(entry, groups.RootElement))];
    }

    private static List<Emoji> ReadFamily(JsonElement entry, JsonElement groups)
    {
        if (!entry.TryGetProperty("group", out var group))
        {
            return [];
        }

        var groupName = NameOf(groups, "groups", group);
        if (groupName == "component")
        {
            return [];
        }

        var name = Text(entry, "label");
        var subgroupName = NameOf(groups, "subgroups", entry.GetProperty("subgroup"));
        return
        [
            .. Variants(entry)
                .Select(variant => new Emoji(
                    Hexcode: Text(variant, "hexcode"),
                    Label: Text(variant, "label"),
                    Name: name,
                    Group: groupName,
                    Subgroup: subgroupName,
                    SkinTone: variant.TryGetProperty("tone", out var tone) ? SkinTones.Describe(tone) : "",
                    Order: variant.GetProperty("order").GetInt32()
                )),
        ];
    }

    private static IEnumerable<JsonElement> Variants(JsonElement entry) =>
        entry.TryGetProperty("skins", out var skins) ? skins.EnumerateArray().Prepend(entry) : [entry];

    private static string NameOf(JsonElement groups, string table, JsonElement number) =>
        Text(groups.GetProperty(table), number.GetRawText());

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;

    private static JsonDocument Parse(string packagesFolder, string path) =>
        JsonDocument.Parse(File.ReadAllBytes(SourcePackage.Emojibase.Resolve(packagesFolder, path)));
}
