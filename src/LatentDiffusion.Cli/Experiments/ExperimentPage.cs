using LatentDiffusion.Cli.Pages;
using static LatentDiffusion.Cli.Pages.HtmlPage;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>Renders an experiment's page: one HTML file with its pictures inside, to be opened from the disk or sent.</summary>
internal static class ExperimentPage
{
    private const string Styles = """
        body { max-width: 70rem; }
        .sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.5rem; }
        .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); gap: 1.5rem; }
        table { border-collapse: collapse; }
        th, td { padding: 0.2rem 0.8rem; border-bottom: 1px solid #ddd; text-align: right; }
        th:first-child, td:first-child { text-align: left; }
        .words th:not(:last-child), .words td:not(:last-child) { text-align: left; }
        footer { margin-top: 2rem; color: #666; }
        """;

    /// <summary>The whole page.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="body">Parts made by the other methods.</param>
    public static string Render(string title, params IEnumerable<string> body) =>
        HtmlPage.Render(title, Styles, string.Join('\n', body.Prepend($"<h1>{Encode(title)}</h1>")));

    public static string Heading(string text) => $"<h2>{Encode(text)}</h2>";

    public static string Paragraph(string text) => $"<p>{Encode(text)}</p>";

    /// <summary>Figures below each other.</summary>
    /// <param name="table">The figures; the first column says of what they are.</param>
    public static string Table(ResultTable table) => Table(table, "");

    /// <summary>A table in which all columns but the last are words.</summary>
    public static string Words(ResultTable table) => Table(table, " class=\"words\"");

    private static string Table(ResultTable table, string attributes) =>
        $"""
            <h3>{Encode(table.Title)}</h3>
            <table{attributes}>
            <tr>{Cells("th", table.Rows[0])}</tr>
            {string.Join("\n", table.Rows.Skip(1).Select(row => $"<tr>{Cells("td", row)}</tr>"))}
            </table>
            """;

    /// <summary>Pictures side by side.</summary>
    /// <param name="folder">Where relative paths start.</param>
    /// <param name="pictures">PNG files and what is said below them.</param>
    public static string Sheets(string folder, IEnumerable<(string File, string Caption)> pictures) =>
        Figures("sheets", folder, pictures);

    /// <summary>Plots, as wide as their labels need.</summary>
    /// <param name="folder">Where relative paths start.</param>
    /// <param name="plots">PNG files and what is said below them.</param>
    public static string Plots(string folder, IEnumerable<(string File, string Caption)> plots) =>
        Figures("plots", folder, plots);

    private static string Figures(string kind, string folder, IEnumerable<(string File, string Caption)> pictures) =>
        $"""
            <div class="{kind}">
            {string.Join("\n", pictures.Select(p => Figure(Path.Combine(folder, p.File), p.Caption)))}
            </div>
            """;

    /// <summary>The last lines of a page.</summary>
    public static string Foot(string text) => $"<footer>{Encode(text)}</footer>";

    private static string Figure(string file, string caption) =>
        $"""<figure><img src="data:image/png;base64,{Convert.ToBase64String(File.ReadAllBytes(file))}" alt="{Encode(caption)}"><figcaption>{Encode(caption)}</figcaption></figure>""";

    private static string Cells(string tag, string[] cells) =>
        string.Concat(cells.Select(cell => $"<{tag}>{Encode(cell)}</{tag}>"));
}
