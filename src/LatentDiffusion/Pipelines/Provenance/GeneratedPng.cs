using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>
/// PNG files that tell how they were drawn: once as <see cref="Infotext"/>, which other programs read, and once as a
/// <see cref="GenerationRecord"/> in JSON, from which the picture can be drawn again.
/// </summary>
public static class GeneratedPng
{
    /// <summary>The keyword of the record.</summary>
    public const string Keyword = "ldm";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>A file with the picture and its record.</summary>
    public static byte[] Encode(RgbImage image, GenerationRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return PngText.Insert(
            PngEncoder.Encode(image),
            [
                new PngTextEntry(Infotext.Keyword, GenerationText.Of(record).ToString()),
                new PngTextEntry(Keyword, JsonSerializer.Serialize(record, Json)) { IsUnicode = true },
            ]
        );
    }

    /// <summary>A file with several pictures on a sheet. It tells people how the first was drawn, but cannot be drawn again.</summary>
    /// <param name="sheet">The sheet.</param>
    /// <param name="first">The record of the first picture on it.</param>
    public static byte[] EncodeSheet(RgbImage sheet, GenerationRecord first)
    {
        ArgumentNullException.ThrowIfNull(first);
        return PngText.Insert(
            PngEncoder.Encode(sheet),
            [new PngTextEntry(Infotext.Keyword, GenerationText.Of(first).ToString())]
        );
    }

    /// <summary>The record among the texts of a file.</summary>
    /// <param name="texts">See <see cref="PngText.Read"/>.</param>
    /// <param name="name">What to call the file in an error message.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="ImageFormatException">The record is damaged, or of a newer version.</exception>
    public static GenerationRecord? RecordIn(IEnumerable<PngTextEntry> texts, string name)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.FirstOrDefault(text => text.Keyword == Keyword)?.Text is not { } json)
        {
            return null;
        }

        try
        {
            var record =
                JsonSerializer.Deserialize<GenerationRecord>(json, Json) ?? throw new JsonException("it is empty");
            return record.Problem() is { } problem ? throw new JsonException(problem) : record;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            var reason = e.Message.Split('\n', 2)[0].TrimEnd().TrimEnd('.');
            throw new ImageFormatException($"The generation data of \"{name}\" cannot be used: {reason}.", e);
        }
    }
}
