using System.Globalization;
using LatentDiffusion.Cli.Pages;
using static LatentDiffusion.Cli.Pages.HtmlPage;

namespace LatentDiffusion.Cli.Demo;

/// <summary>Renders the demo's page: plain HTML beside its pictures, to be opened from the disk.</summary>
internal static class GalleryPage
{
    private const string Styles = """
        figure { margin: 0 0 2.5rem; }
        code { background: #f3f3f3; padding: 0.2rem 0.4rem; border-radius: 0.2rem; }
        """;

    public static string Render(IReadOnlyList<Drawing> drawings, IReadOnlyList<string> missing, long seed) =>
        HtmlPage.Render("Latent diffusion demo", Styles, Body(drawings, missing, seed));

    private static string Body(IReadOnlyList<Drawing> drawings, IReadOnlyList<string> missing, long seed) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <h1>Latent diffusion: one backbone, any condition</h1>
            <p>Every picture comes from a small model that ships with the program and was trained by it; seed {seed}, nothing
            chosen. The command below each draws it; its model card says how the model was made and what it cannot do.</p>
            {string.Concat(drawings.Select(Figure))}
            {Missing(missing)}
            """
        );

    private static string Figure(Drawing drawing) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <figure>
              <h2>{Encode(drawing.Title)}</h2>
              <p>{Encode(drawing.Text)}</p>
              <img src="{drawing.File}" alt="{Encode(drawing.Title)}">
              <figcaption><code>{Encode(drawing.Command)}</code> <small>{drawing.Seconds:0.0} s</small></figcaption>
            </figure>

            """
        );

    private static string Missing(IReadOnlyList<string> models) =>
        models.Count == 0 ? "" : $"<p><small>Not installed: {Encode(string.Join(", ", models))}.</small></p>";
}
