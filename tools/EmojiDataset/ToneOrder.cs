namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Puts right where a package has filed pictures under the wrong one of the five skin tones.</summary>
/// <remarks>
/// The Fluent package has "medium-light" and "medium" swapped for nearly every person and hand, but not for couples,
/// and has one emoji in another order altogether. Measuring tells: brightness falls from medium-light to dark. (Light is
/// no safe end of the scale, for it goes with black hair, and medium-light with blond.) In the other two styles every
/// emoji passes as it is.
/// </remarks>
internal static class ToneOrder
{
    private const int Light = 0;
    private const int MediumLight = 1;
    private const int Medium = 2;
    private const int Dark = 4;

    private static readonly int[] AsFiled = [0, 1, 2, 3, 4];
    private static readonly int[] MiddleSwapped = [0, 2, 1, 3, 4];

    /// <summary>Gives every skin tone the picture that shows it.</summary>
    /// <returns>The drawings in the same order, and how many emoji had to be put right.</returns>
    public static (IReadOnlyList<Drawing> Drawings, int Repairs) Repair(IReadOnlyList<Drawing> drawings)
    {
        var repaired = drawings.ToArray();
        var repairs = 0;
        foreach (var family in FindFamilies(drawings))
        {
            var order = FindOrder([.. family.Select(index => drawings[index].Picture.Brightness())]);
            foreach (var (tone, index) in family.Index())
            {
                repaired[index] = drawings[index] with { Picture = drawings[family[order[tone]]].Picture };
            }

            repairs += order == AsFiled ? 0 : 1;
        }

        return (repaired, repairs);
    }

    /// <summary>For each tone from light to dark, which of the five pictures shows it.</summary>
    private static int[] FindOrder(double[] brightness)
    {
        if (brightness[Dark] > brightness[Light])
        {
            return [.. AsFiled.OrderByDescending(picture => brightness[picture])];
        }

        return brightness[Medium] > brightness[MediumLight] ? MiddleSwapped : AsFiled;
    }

    /// <summary>The places of the five tones, from light to dark, of every emoji that has all five.</summary>
    private static IEnumerable<int[]> FindFamilies(IReadOnlyList<Drawing> drawings) =>
        drawings
            .Index()
            .Where(drawing => SkinTones.Names.Contains(drawing.Item.Emoji.SkinTone))
            .GroupBy(
                drawing => (drawing.Item.Style, drawing.Item.Emoji.Name),
                (_, family) =>
                    family
                        .OrderBy(drawing => SkinTones.Names.IndexOf(drawing.Item.Emoji.SkinTone))
                        .Select(drawing => drawing.Index)
                        .ToArray()
            )
            .Where(family => family.Length == SkinTones.Names.Length);
}
