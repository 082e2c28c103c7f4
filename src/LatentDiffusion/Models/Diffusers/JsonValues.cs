using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>A JSON object of a folder of diffusers, read value by value.</summary>
internal sealed class JsonValues(string path, JsonObject json)
{
    private const int MaxLength = 16 * 1024 * 1024;

    public IEnumerable<string> Keys => json.Select(entry => entry.Key);

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserInputException">It cannot be read, or is no JSON object.</exception>
    public static JsonValues Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxLength)
            {
                throw new UserInputException($"{path} is too large for a configuration.");
            }

            return JsonNode.Parse(File.ReadAllBytes(path)) is JsonObject { Count: >= 0 } root
                ? new JsonValues(path, root)
                : throw new UserInputException($"{path} is no JSON object.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new UserInputException($"{path} is not valid JSON: {e.Message.Split('\n')[0]}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path} cannot be read: {e.Message}", e);
        }
    }

    public string? Text(string key) =>
        json[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public double? Number(string key) => NumberOf(json[key]);

    public int? Integer(string key) =>
        Number(key) is { } number && number == Math.Floor(number) && Math.Abs(number) < int.MaxValue
            ? (int)number
            : null;

    /// <summary>A whole number above 0; null where there is none.</summary>
    public int? Positive(string key) => Integer(key) is { } number && number > 0 ? number : null;

    public bool Truth(string key, bool usual) =>
        json[key] is JsonValue value && value.TryGetValue<bool>(out var truth) ? truth : usual;

    /// <summary>A list of numbers; null where there is none.</summary>
    public IReadOnlyList<double>? Numbers(string key) =>
        json[key] is not JsonArray array ? null : [.. array.Select(item => NumberOf(item) ?? throw Wrong(key))];

    /// <summary>Whether a component is there: a list of library and class, neither null.</summary>
    public bool HasComponent(string key) => json[key] is JsonArray and [not null, not null];

    public UserInputException Wrong(string key)
    {
        var value = json[key] is { } node ? node.ToJsonString() : "null";
        return new UserInputException($"{path}: '{key}' has the value {value}, which cannot be used here.");
    }

    private static double? NumberOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;
}
