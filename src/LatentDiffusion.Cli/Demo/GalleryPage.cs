using System.Globalization;
using System.Net;

namespace LatentDiffusion.Cli.Demo;

/// <summary>Renders the demo's page: plain HTML beside its pictures, to be opened from the disk.</summary>
internal static class GalleryPage
{
    public static string Render(IReadOnlyList<Drawing> drawings, IReadOnlyList<string> missing, long seed) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Latent diffusion demo</title>
            <style>
              body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
              figure { margin: 0 0 2.5rem; }
              img { max-width: 100%; height: auto; }
              code { background: #f3f3f3; padding: 0.2rem 0.4rem; border-radius: 0.2rem; }
              small { color: #666; }
            </style>
            </head>
            <body>
            <h1>Latent diffusion: one backbone, any condition</h1>
            <p>Every picture comes from a small model that ships with the program and was trained by it; seed {{seed}}, nothing
            chosen. The command below each draws it; its model card says how the model was made and what it cannot do.</p>
            {{string.Concat(drawings.Select(Figure))}}
            {{Missing(missing)}}
            </body>
            </html>

            """
        );

    private static string Figure(Drawing drawing) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            <figure>
              <h2>{Text(drawing.Title)}</h2>
              <p>{Text(drawing.Text)}</p>
              <img src="{drawing.File}" alt="{Text(drawing.Title)}">
              <figcaption><code>{Text(drawing.Command)}</code> <small>{drawing.Seconds:0.0} s</small></figcaption>
            </figure>

            """
        );

    private static string Missing(IReadOnlyList<string> models) =>
        models.Count == 0 ? "" : $"<p><small>Not installed: {Text(string.Join(", ", models))}.</small></p>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
