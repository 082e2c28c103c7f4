using System.Globalization;
using System.Text;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Describes a data set in numbers, as Markdown.</summary>
internal static class Summary
{
    /// <summary>Counts rows by group, style and split, equal pictures and repaired skin tones.</summary>
    public static string Describe(Dataset dataset)
    {
        var text = new StringBuilder();
        AppendCounts(text, dataset.Rows);
        text.AppendLine();
        AppendEqualPictures(text, dataset.Rows);
        text.Append(CultureInfo.InvariantCulture, $"Emoji whose skin tones were put right: {dataset.ToneRepairs}.");
        return text.ToString();
    }

    private static void AppendCounts(StringBuilder text, IReadOnlyList<DatasetRow> rows)
    {
        var heads = rows.Select(row => (row.Style, row.Split))
            .Distinct()
            .OrderBy(head => head.Split == "test")
            .ToList();
        AppendLine(text, ["group", .. heads.Select(head => $"{head.Style} {head.Split}"), "all"]);
        AppendLine(text, ["---", .. heads.Select(_ => "---:"), "---:"]);
        foreach (var group in rows.GroupBy(row => row.Group))
        {
            AppendCountLine(text, group.Key, [.. group], heads);
        }

        AppendCountLine(text, "**all**", rows, heads);
    }

    private static void AppendCountLine(
        StringBuilder text,
        string title,
        IReadOnlyCollection<DatasetRow> rows,
        IEnumerable<(string Style, string Split)> heads
    )
    {
        var counts = heads.Select(head => rows.Count(row => (row.Style, row.Split) == head)).Append(rows.Count);
        AppendLine(text, counts.Select(count => count.ToString("N0", CultureInfo.InvariantCulture)).Prepend(title));
    }

    private static void AppendLine(StringBuilder text, IEnumerable<string> cells) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |");

    /// <summary>Equal pictures have equal WebP bytes, since the encoder is deterministic.</summary>
    private static void AppendEqualPictures(StringBuilder text, IReadOnlyList<DatasetRow> rows)
    {
        var equal = rows.GroupBy(row => Convert.ToHexString(row.Image)).Where(group => group.Count() > 1).ToList();
        var acrossSplits = equal.Where(group => group.Select(row => row.Split).Distinct().Count() > 1);
        var testRows = acrossSplits.Sum(group => group.Count(row => row.Split == "test"));
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Rows whose picture is equal to another row's: {equal.Sum(group => group.Count())}; "
                + $"test rows whose picture is also in the training part: {testRows}."
        );
    }
}
