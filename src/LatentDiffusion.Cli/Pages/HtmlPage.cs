using System.Net;

namespace LatentDiffusion.Cli.Pages;

/// <summary>What all pages of the program have in common: one HTML document that loads nothing from other hosts.</summary>
internal static class HtmlPage
{
    /// <summary>The whole document.</summary>
    /// <param name="title">What the browser's tab says, as plain text.</param>
    /// <param name="styles">CSS of this page, which adds to the common styles or replaces them.</param>
    /// <param name="body">HTML.</param>
    public static string Render(string title, string styles, string body) =>
        $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{Encode(title)}}</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
            figure { margin: 0; }
            img { max-width: 100%; height: auto; }
            small { color: #666; }
            {{styles}}
            </style>
            </head>
            <body>
            {{body}}
            </body>
            </html>

            """;

    /// <summary>Plain text as HTML.</summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(text);
}
