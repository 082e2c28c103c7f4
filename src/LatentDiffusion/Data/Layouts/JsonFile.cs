using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Layouts;

/// <summary>Reads JSON files that people made, with complaints that name the place.</summary>
internal static class JsonFile
{
    public static JsonDocument Parse(string path, string what)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonDocument.Parse(stream);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"{what} file \"{path}\" does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{what} file \"{path}\" cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"\"{path}\" line {e.LineNumber + 1} is not valid JSON (at character {e.BytePositionInLine + 1}).",
                e
            );
        }
    }

    public static JsonElement.ArrayEnumerator Array(JsonElement parent, string name, string place) =>
        Member(parent, name, JsonValueKind.Array, place, "a list").EnumerateArray();

    public static double Number(JsonElement parent, string name, string place) =>
        Member(parent, name, JsonValueKind.Number, place, "a number").GetDouble();

    public static string Text(JsonElement parent, string name, string place) =>
        Member(parent, name, JsonValueKind.String, place, "a text").GetString()!;

    private static JsonElement Member(
        JsonElement parent,
        string name,
        JsonValueKind kind,
        string place,
        string wanted
    ) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out var value)
        && value.ValueKind == kind
            ? value
            : throw new UserInputException($"{place} has no \"{name}\" that is {wanted}.");
}
