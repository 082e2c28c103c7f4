using System.Globalization;
using System.IO.Hashing;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>How experiments keep results, and how they recognise what they measured.</summary>
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

    /// <summary>A hash of settings: equal for equal ones.</summary>
    public static string HashOf<T>(T settings) =>
        Digits(XxHash128.HashToUInt128(JsonSerializer.SerializeToUtf8Bytes(settings, Json)));

    /// <summary>A hash of a model's weights and description.</summary>
    /// <param name="model">A run folder, a model folder, or a file.</param>
    /// <exception cref="UserInputException">There is no model.</exception>
    public static string HashOfModel(string model)
    {
        using var stream = File.OpenRead(ModelLocation.Resolve(model));
        var hash = new XxHash128();
        hash.Append(stream);
        return Digits(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>A hash of encoded images and their classes.</summary>
    public static string HashOfImages(IImageSource source)
    {
        var hash = new XxHash128();
        for (var i = 0; i < source.Count; i++)
        {
            hash.Append(source.Read(i));
            hash.Append(System.Text.Encoding.UTF8.GetBytes($"\n{source.Describe(i).ClassName}\n"));
        }

        return Digits(hash.GetCurrentHashAsUInt128());
    }

    private static string Digits(UInt128 hash) => hash.ToString("x32", CultureInfo.InvariantCulture);
}
