using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>How experiments keep results.</summary>
internal static class ExperimentFiles
{
    public const string ResultsName = "results.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Reads a folder's results.</summary>
    /// <returns>Null where there are none yet.</returns>
    /// <exception cref="UserInputException">They are damaged, or of another experiment.</exception>
    public static T? Read<T>(string folder)
        where T : class
    {
        var path = Path.Combine(folder, ResultsName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, Json) ?? throw new JsonException("there is nothing in it");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new UserInputException(
                $"{path} is not of this experiment or is damaged: choose another folder with --out, or delete it.",
                e
            );
        }
    }

    public static void Write<T>(string folder, T results) =>
        AtomicFile.WriteText(Path.Combine(folder, ResultsName), JsonSerializer.Serialize(results, Json) + "\n");
}
