using LatentDiffusion.Errors;
using Parquet;

namespace LatentDiffusion.Data;

/// <summary>
/// Images in a parquet file, one a row, ordered as the rows. The image column holds encoded bytes, directly or as
/// <c>image.bytes</c> of a structure. The kept rows' images stay in memory as they are stored, so a file should fit there.
/// </summary>
public sealed class ParquetImageSource : IImageSource
{
    private readonly byte[][] _images;
    private readonly ImageRecord[] _records;

    private ParquetImageSource(byte[][] images, ImageRecord[] records, IReadOnlyList<string> classNames)
    {
        _images = images;
        _records = records;
        ClassNames = classNames;
    }

    /// <inheritdoc/>
    public int Count => _images.Length;

    /// <summary>The classes of all rows, those that the filter leaves out too, so that ids agree between splits.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A parquet file.</param>
    /// <param name="columns">Which columns to use; the defaults if not given.</param>
    /// <exception cref="UserInputException">
    /// The file is missing or no parquet file, a column is missing or of a wrong type, or no row is left.
    /// </exception>
    public static ParquetImageSource Open(string path, SourceColumns? columns = null)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"Parquet file \"{path}\" does not exist. Check the path.");
        }

        using var stream = OpenFile(path);
        try
        {
            return ReadAsync(path, stream, columns ?? new SourceColumns()).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (UserInputException or OutOfMemoryException))
        {
            // The reader answers a damaged file with whatever exception its parsing runs into.
            throw new UserInputException($"\"{path}\" is not a parquet file or is damaged. Copy or make it again.", e);
        }
    }

    /// <inheritdoc/>
    public ImageRecord Describe(int index) => _records[index];

    /// <inheritdoc/>
    public byte[] Read(int index) => _images[index];

    private static FileStream OpenFile(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"Parquet file \"{path}\" cannot be opened: {e.Message}", e);
        }
    }

    private static async Task<ParquetImageSource> ReadAsync(string path, Stream stream, SourceColumns columns)
    {
        await using var reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
        var table = new ParquetColumns(path, reader.Schema);
        var imageField = table.ImageField(columns.Image);
        var classField = table.TextField(columns.Class);
        var captionField = table.TextField(columns.Caption) ?? table.DefaultCaptionField();
        var usedFields = (columns.Filter?.Columns ?? [])
            .Concat(columns.OtherCaptions.SelectMany(template => template.Columns))
            .Distinct()
            .ToDictionary(name => name, table.TextField);

        var images = new List<byte[]>();
        var kept = new List<(string Name, string? Class, string? Caption, string[] Others)>();
        var classes = new HashSet<string?>();
        var row = 0;
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            var bytes = await ParquetColumns.ReadBytesAsync(group, imageField).ConfigureAwait(false);
            var classNames = await ParquetColumns.ReadTextAsync(group, classField).ConfigureAwait(false);
            var captions = await ParquetColumns.ReadTextAsync(group, captionField).ConfigureAwait(false);
            var usedValues = new Dictionary<string, string?[]>();
            foreach (var (name, field) in usedFields)
            {
                usedValues[name] = await ParquetColumns.ReadTextAsync(group, field).ConfigureAwait(false);
            }

            for (var j = 0; j < bytes.Length; j++, row++)
            {
                classes.Add(classNames[j]);
                var current = j;
                if (columns.Filter?.Keeps(column => usedValues[column][current]) == false)
                {
                    continue;
                }

                var name = $"{Path.GetFileName(path)} row {row}";
                images.Add(
                    bytes[j] ?? throw new UserInputException($"{name} has no image in column \"{columns.Image}\".")
                );
                var others = columns.OtherCaptions.Select(t => t.Fill(column => usedValues[column][current]));
                kept.Add((name, classNames[j], captions[j], [.. others.OfType<string>()]));
            }
        }

        if (images.Count == 0)
        {
            var reason = row == 0 ? "has no rows" : $"has no row with {columns.Filter} among its {row}";
            throw new UserInputException($"Parquet file \"{path}\" {reason}.");
        }

        var classTable = new ClassTable(classes);
        var records = kept.Select(r => new ImageRecord(r.Name, r.Class, classTable.IdOf(r.Class), r.Caption)
        {
            OtherCaptions = r.Others,
        });
        return new ParquetImageSource([.. images], [.. records], classTable.Names);
    }
}
