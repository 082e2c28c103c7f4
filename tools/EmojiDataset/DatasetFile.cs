using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>Writes the data set as one Parquet file.</summary>
internal static class DatasetFile
{
    private const int RowsPerGroup = 1000;

    private static readonly DataField ImageField = new DataField<byte[]>("image", false);

    private static readonly (DataField Field, Func<DatasetRow, string> Value)[] TextColumns =
    [
        (new DataField<string>("caption", false), row => row.Caption),
        (new DataField<string>("style", false), row => row.Style),
        (new DataField<string>("name", false), row => row.Name),
        (new DataField<string>("group", false), row => row.Group),
        (new DataField<string>("subgroup", false), row => row.Subgroup),
        (new DataField<string>("skin_tone", false), row => row.SkinTone),
        (new DataField<string>("hexcode", false), row => row.Hexcode),
        (new DataField<string>("split", false), row => row.Split),
    ];

    /// <summary>Writes all rows in their order. The same rows always give the same bytes.</summary>
    public static async Task WriteAsync(IReadOnlyList<DatasetRow> rows, string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var schema = new ParquetSchema([ImageField, .. TextColumns.Select(column => column.Field)]);
        var options = new ParquetOptions
        {
            CompressionMethod = CompressionMethod.Zstd,
            CompressionLevel = CompressionLevel.SmallestSize,
        };
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, options);
        foreach (var group in rows.Chunk(RowsPerGroup))
        {
            await WriteGroupAsync(writer, group);
        }
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, DatasetRow[] rows)
    {
        using var group = writer.CreateRowGroup();
        await group.WriteAsync(ImageField, rows.Select(row => row.Image).ToArray());
        foreach (var (field, value) in TextColumns)
        {
            await group.WriteAsync(field, rows.Select(value).ToArray());
        }

        group.CompleteValidate();
    }
}
