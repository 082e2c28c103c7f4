using System.Collections.Frozen;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>
/// Decides whether an emoji's label reads better after "a" or "an". In doubt it gets no article; the label itself is
/// never changed.
/// </summary>
internal static class IndefiniteArticle
{
    /// <summary>Words that end the noun phrase: what follows says nothing about one or many.</summary>
    private static readonly FrozenSet<string> Links = FrozenSet.Create(
        "and",
        "behind",
        "holding",
        "in",
        "lifting",
        "of",
        "on",
        "over",
        "showing",
        "with",
        "without"
    );

    private static readonly FrozenSet<string> PluralBeginnings = FrozenSet.Create(
        "men",
        "palms",
        "people",
        "thumbs",
        "women"
    );

    /// <summary>Labels that are not one thing that can be counted.</summary>
    private static readonly FrozenSet<string> Uncountable = FrozenSet.Create(
        "bacon",
        "badminton",
        "baguette bread",
        "bowling",
        "bread",
        "breast-feeding",
        "broccoli",
        "bubble tea",
        "building construction",
        "butter",
        "camping",
        "candy",
        "canned food",
        "construction",
        "cooked rice",
        "cooking",
        "coral",
        "curry rice",
        "custard",
        "dango",
        "dashing away",
        "dizzy",
        "dna",
        "family",
        "field hockey",
        "flower playing cards",
        "fog",
        "foggy",
        "garlic",
        "high voltage",
        "horse racing",
        "ice",
        "ice hockey",
        "kaaba",
        "lacrosse",
        "light rail",
        "locked",
        "locked with key",
        "locked with pen",
        "luggage",
        "mate",
        "meat on bone",
        "milky way",
        "money with wings",
        "mount fuji",
        "nail polish",
        "oden",
        "ping pong",
        "popcorn",
        "pouring liquid",
        "rolling on the floor laughing",
        "sake",
        "salt",
        "shaved ice",
        "soap",
        "soft ice cream",
        "spaghetti",
        "star-struck",
        "sushi",
        "tennis",
        "thread",
        "unlocked",
        "wood",
        "yarn"
    );

    /// <summary>"a ", "an " or nothing.</summary>
    public static string For(Emoji emoji)
    {
        if (!IsCountableSingular(emoji))
        {
            return "";
        }

        return SoundsLikeVowel(emoji.Label) ? "an " : "a ";
    }

    private static bool IsCountableSingular(Emoji emoji)
    {
        var label = emoji.Label;
        var words = label.Split(' ');
        return (emoji.Group != "symbols" || emoji.Subgroup is "arrow" or "geometric")
            && char.IsAsciiLetterLower(label[0])
            && !label.Contains(':')
            && !Uncountable.Contains(label)
            && !PluralBeginnings.Contains(words[0])
            && !IsTimeOfDay(label)
            && !LooksPlural(words.TakeWhile(word => !Links.Contains(word)).Last());
    }

    private static bool IsTimeOfDay(string label) =>
        label.EndsWith("o’clock", StringComparison.Ordinal) || label.EndsWith("-thirty", StringComparison.Ordinal);

    private static bool LooksPlural(string noun) =>
        noun.EndsWith('s')
        && !noun.EndsWith("ss", StringComparison.Ordinal)
        && !noun.EndsWith("us", StringComparison.Ordinal);

    private static bool SoundsLikeVowel(string label)
    {
        if (StartsWithAny(label, "eu", "ewe", "one", "uni"))
        {
            return false;
        }

        return "aeiou".Contains(label[0]) || StartsWithAny(label, "hour", "x-");
    }

    private static bool StartsWithAny(string label, params ReadOnlySpan<string> beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (label.StartsWith(beginning, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
