namespace LatentDiffusion.Data.Composition;

/// <summary>A class of cut-outs that can be told from the others at 64 pixels, and where its pictures are found.</summary>
/// <param name="Name">The label.</param>
/// <param name="Subgroups">Beginnings of emoji sub-groups' names.</param>
/// <param name="Folders">Folders of picture collections, such as the stamps of Tux Paint.</param>
/// <param name="Excluded">Words in a caption that keep a picture out: parts, signs and oddities.</param>
internal sealed record SceneClass(string Name, string[] Subgroups, string[] Folders, string[] Excluded)
{
    private static readonly char[] Separators = [' ', '-', ',', ':', '.', '’', '\''];

    /// <summary>The ten classes that composed scenes are made of.</summary>
    public static IReadOnlyList<SceneClass> All { get; } =
    [
        new("mammal", ["animal-mammal"], ["mammals", "marsupials"], ["paw", "prints"]),
        new("bird", ["animal-bird"], ["birds"], ["feather", "wing", "egg", "hatching"]),
        new("fish", ["animal-marine"], ["fish"], ["shell", "coral"]),
        new("insect", ["animal-bug"], ["insects"], ["web", "microbe"]),
        new("flower", ["plant-flower"], ["flowers"], ["stamp", "rosette", "bouquet"]),
        new("fruit", ["food-fruit"], ["fruit"], []),
        new(
            "vehicle",
            ["transport-ground"],
            ["auto", "masstransit", "emergency", "construction", "locomotive", "race", "cycle", "farming"],
            ["stop", "motorway", "track", "drum", "pump", "wheel", "light", "sign", "station", "tyre", "skateboard"]
        ),
        new("building", ["place-building"], ["houses"], ["brick", "rock", "wood"]),
        new(
            "face",
            ["face-smiling", "face-affection", "face-tongue", "face-neutral", "face-sleepy", "face-concerned"],
            ["faces"],
            ["cloud", "dash"]
        ),
        new("heart", ["heart"], [], ["mark", "balloon", "bubble", "letter", "exclamation", "ornament", "hole"]),
    ];

    /// <summary>The class of a picture, or null when it is none of them.</summary>
    /// <param name="place">Its emoji sub-group or its path.</param>
    /// <param name="caption">What it shows.</param>
    public static SceneClass? Of(string place, string caption)
    {
        var parts = place.Split('/', '\\');
        var found = All.FirstOrDefault(c =>
            c.Subgroups.Any(s => place.StartsWith(s, StringComparison.Ordinal))
            || parts.SkipLast(1).Any(p => c.Folders.Contains(p, StringComparer.OrdinalIgnoreCase) || p == c.Name)
        );
        var words = caption.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        return found is not null && !words.Any(w => found.Excluded.Contains(w, StringComparer.OrdinalIgnoreCase))
            ? found
            : null;
    }
}
