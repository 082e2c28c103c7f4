using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm info</c>: how a picture was drawn, from what its file says.</summary>
internal sealed class InfoVerb : Verb
{
    private readonly Argument<string> _image = new("image") { Description = "An image; only PNG files tell anything" };

    public InfoVerb()
        : base("info", "Tell how a picture was drawn", "ldm info out/samples/a-red-apple-0.png")
    {
        Arguments.Add(_image);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var path = context.Arguments.GetRequiredValue(_image);
        var bytes = PictureFile.ReadBytes(path);
        var header = ImageDecoder.ReadHeader(bytes, path);
        var texts = header.Format == ImageFormat.Png ? PngText.Read(bytes, path) : [];
        var parameters = TextOf(Infotext.Keyword);
        var infotext = parameters is null ? null : Infotext.Parse(parameters);
        context.Output.Result(
            new
            {
                File = path,
                header.Width,
                header.Height,
                Parameters = parameters,
                infotext?.Prompt,
                infotext?.NegativePrompt,
                Values = ByKey(infotext?.Values ?? []),
                Generation = TextOf(GeneratedPng.Keyword) is { } record ? Json(record) : null,
                Texts = ByKey(
                    texts
                        .Where(text => text.Keyword is not (Infotext.Keyword or GeneratedPng.Keyword))
                        .Select(text => KeyValuePair.Create(text.Keyword, text.Text))
                ),
            },
            r =>
                string.Join(
                    '\n',
                    (string[])
                        [
                            $"{path}: {r.Width}x{r.Height} pixels",
                            parameters ?? "It does not say how it was drawn.",
                            .. r.Texts.Select(text => $"{text.Key}: {text.Value}"),
                            .. r.Generation is null
                                ? Array.Empty<string>()
                                : [$"To draw it again: ldm sample --from {Quoted(path)}"],
                        ]
                )
        );
        return Task.FromResult(ExitCode.Done);

        string? TextOf(string keyword) => texts.FirstOrDefault(text => text.Keyword == keyword)?.Text;
    }

    // A key may stand there twice; the first is what readers take.
    private static Dictionary<string, string> ByKey(IEnumerable<KeyValuePair<string, string>> pairs) =>
        pairs.DistinctBy(pair => pair.Key).ToDictionary();

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
