using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data;

/// <summary>
/// The <c>metadata.jsonl</c> files of an image folder: one JSON object a line, its <c>file_name</c> relative to the file's
/// own folder, all other properties free columns.
/// </summary>
internal sealed class FolderMetadata
{
    public const string FileName = "metadata.jsonl";
    private const string NameColumn = "file_name";
    private readonly Dictionary<string, Dictionary<string, string>> _rows = new(StringComparer.Ordinal);
    private readonly HashSet<string> _columns = new(StringComparer.Ordinal);

    /// <summary>Reads the files given relative to <paramref name="root"/> with forward slashes.</summary>
    public static FolderMetadata Read(string root, IEnumerable<string> files)
    {
        var metadata = new FolderMetadata();
        foreach (var file in files)
        {
            metadata.Add(root, file);
        }

        return metadata;
    }

    public IReadOnlySet<string> Columns => _columns;

    public bool IsEmpty => _rows.Count == 0;

    /// <summary>The image paths that rows name, with the file and line that named them.</summary>
    public Dictionary<string, string> NamedBy { get; } = new(StringComparer.Ordinal);

    /// <summary>The value of a column for an image, or null if the image has no row or the row has no such column.</summary>
    public string? Value(string image, string column) => _rows.GetValueOrDefault(image)?.GetValueOrDefault(column);

    private void Add(string root, string file)
    {
        var folder = file[..^FileName.Length];
        var lineNumber = 0;
        foreach (var line in File.ReadLines(Path.Combine(root, file)))
        {
            lineNumber++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var place = $"\"{Path.Combine(root, file)}\" line {lineNumber}";
            var row = ParseLine(line, place);
            if (!row.Remove(NameColumn, out var name))
            {
                throw new UserInputException($"{place} has no \"{NameColumn}\". Every line must name its image.");
            }

            var image = folder + name;
            if (!NamedBy.TryAdd(image, place))
            {
                throw new UserInputException($"{place} names \"{name}\" a second time. Remove one of the lines.");
            }

            _rows.Add(image, row);
            _columns.UnionWith(row.Keys);
        }
    }

    private static Dictionary<string, string> ParseLine(string line, string place)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json
                    .RootElement.EnumerateObject()
                    .Where(property => property.Value.ValueKind != JsonValueKind.Null)
                    .GroupBy(property => property.Name, StringComparer.Ordinal)
                    .ToDictionary(group => group.Key, group => group.Last().Value.ToString(), StringComparer.Ordinal);
            }
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"{place} is not valid JSON (at character {e.BytePositionInLine + 1}). Correct or remove the line.",
                e
            );
        }

        throw new UserInputException(
            $"{place} is not a JSON object such as {{\"file_name\":\"a.png\",\"text\":\"a cat\"}}."
        );
    }
}
