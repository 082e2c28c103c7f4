using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LatentDiffusion.Imaging.Metadata;

/// <summary>
/// How a picture was made, in the form that the web interfaces of Stable Diffusion write into pictures under
/// <see cref="Keyword"/> and read back: the prompt, a line "Negative prompt: ...", and a last line of "key: value" pairs.
/// </summary>
/// <param name="Prompt">What to draw, maybe several lines; maybe empty.</param>
/// <param name="NegativePrompt">What not to draw; empty for nothing.</param>
/// <param name="Values">The pairs of the last line, in order.</param>
public sealed partial record Infotext(
    string Prompt,
    string NegativePrompt,
    IReadOnlyList<KeyValuePair<string, string>> Values
)
{
    /// <summary>The keyword of the text in a PNG file.</summary>
    public const string Keyword = "parameters";

    private const string NegativeMark = "Negative prompt:";

    // With fewer pairs a last line is taken for a part of the prompt.
    private const int FewestPairs = 3;

    private static readonly JsonSerializerOptions Quoting = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The value of a key, or null.</summary>
    public string? this[string key] =>
        Values.Where(pair => pair.Key == key).Select(pair => pair.Value).FirstOrDefault();

    /// <summary>Reads such a text. Every text can be read; one without pairs is a prompt.</summary>
    public static Infotext Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.ReplaceLineEndings("\n").Trim().Split('\n');
        var pairs = Pair().Matches(lines[^1]);
        var prompt = pairs.Count < FewestPairs ? lines : lines[..^1];
        var negative = Array.FindIndex(
            prompt,
            line => line.TrimStart().StartsWith(NegativeMark, StringComparison.Ordinal)
        );
        return new Infotext(
            Join(negative < 0 ? prompt : prompt[..negative]),
            negative < 0 ? "" : Join(prompt[negative..])[NegativeMark.Length..].TrimStart(),
            pairs.Count < FewestPairs
                ? []
                : [.. pairs.Select(pair => KeyValuePair.Create(pair.Groups[1].Value, Unquote(pair.Groups[2].Value)))]
        );
    }

    /// <summary>The text.</summary>
    public override string ToString() =>
        string.Join(
            '\n',
            (string[])
                [
                    .. Prompt.Length > 0 ? [Prompt.ReplaceLineEndings("\n")] : Array.Empty<string>(),
                    .. NegativePrompt.Length > 0
                        ? [$"{NegativeMark} {NegativePrompt.ReplaceLineEndings("\n")}"]
                        : Array.Empty<string>(),
                    string.Join(", ", Values.Select(pair => $"{pair.Key}: {Quote(pair.Value)}")),
                ]
        );

    private static string Join(string[] lines) => string.Join('\n', lines.Select(line => line.Trim()));

    private static string Quote(string value) =>
        value.AsSpan().ContainsAny(",:\n\"") ? JsonSerializer.Serialize(value, Quoting) : value;

    private static string Unquote(string value)
    {
        var trimmed = value.Trim();
        if (trimmed.Length < 2 || trimmed[0] != '"' || trimmed[^1] != '"')
        {
            return trimmed;
        }

        try
        {
            return JsonSerializer.Deserialize<string>(trimmed) ?? trimmed;
        }
        catch (JsonException)
        {
            return trimmed;
        }
    }

    [GeneratedRegex("""\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)""")]
    private static partial Regex Pair();
}
