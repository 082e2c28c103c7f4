using System.Text;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>A table that is text for people and Markdown for documents at the same time.</summary>
internal static class MarkdownTable
{
    /// <summary>Writes a table with aligned columns.</summary>
    /// <param name="rows">The head and the rows below it, all of one length.</param>
    public static string Write(IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(r => r[i].Length)).ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < rows.Count; i++)
        {
            text.AppendLine($"| {string.Join(" | ", rows[i].Select((cell, j) => cell.PadRight(widths[j])))} |");
            if (i == 0)
            {
                text.AppendLine($"|{string.Join('|', widths.Select(w => new string('-', w + 2)))}|");
            }
        }

        return text.ToString().TrimEnd();
    }
}
