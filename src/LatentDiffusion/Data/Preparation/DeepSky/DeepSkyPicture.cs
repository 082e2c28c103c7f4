using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>A picture that Stellarium lays onto the sky.</summary>
/// <param name="File">Name of the file.</param>
/// <param name="Middle">Unit vector of its middle's place in the sky.</param>
/// <param name="Radius">From the middle to the nearest corner, as the length of a chord of the unit sphere.</param>
/// <param name="Credit">Whose picture it is; may be empty.</param>
/// <param name="Address">Where it comes from; may be empty.</param>
internal sealed partial record DeepSkyPicture(string File, Vector3 Middle, float Radius, string Credit, string Address)
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Reads <c>textures.json</c>.</summary>
    /// <returns>Ordered by file name.</returns>
    /// <exception cref="UserInputException">The file cannot be read or is not what it should be.</exception>
    public static IReadOnlyList<DeepSkyPicture> ReadAll(string path)
    {
        try
        {
            // Stellarium takes .5 for 0.5, which JSON does not know.
            var text = NumberWithoutZero().Replace(System.IO.File.ReadAllText(path), "0.");
            using var document = JsonDocument.Parse(text, Lenient);
            return
            [
                .. document
                    .RootElement.GetProperty("subTiles")
                    .EnumerateArray()
                    .Select(Read)
                    .OrderBy(p => p.File, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserInputException(
                $"The list of pictures \"{path}\" is damaged: {e.Message} Install the package stellarium-data again.",
                e
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"The list of pictures \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    private static DeepSkyPicture Read(JsonElement tile)
    {
        var corners = tile.GetProperty("worldCoords")
            .EnumerateArray()
            .SelectMany(polygon => polygon.EnumerateArray())
            .Select(corner =>
                DeepSkyCatalog.DirectionOf(
                    double.DegreesToRadians(corner[0].GetDouble()),
                    double.DegreesToRadians(corner[1].GetDouble())
                )
            )
            .ToList();
        var middle = Vector3.Normalize(corners.Aggregate(Vector3.Zero, (sum, corner) => sum + corner));
        return new DeepSkyPicture(
            // A name, not a path: nothing outside the folder is read.
            Path.GetFileName(tile.GetProperty("imageUrl").GetString()!),
            middle,
            corners.Min(corner => Vector3.Distance(corner, middle)),
            Credited("short"),
            Credited("infoUrl")
        );

        // Some entries write Short.
        string Credited(string key) =>
            tile.TryGetProperty("imageCredits", out var credits)
                ? credits
                    .EnumerateObject()
                    .Where(p => p.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                    .Select(p => p.Value.GetString())
                    .FirstOrDefault()
                    ?? ""
                : "";
    }

    [GeneratedRegex(@"(?<=[\[,\s-])\.(?=[0-9])")]
    private static partial Regex NumberWithoutZero();
}
