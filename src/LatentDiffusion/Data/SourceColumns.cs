namespace LatentDiffusion.Data;

/// <summary>Which columns of a metadata table mean what.</summary>
public sealed record SourceColumns
{
    /// <summary>
    /// Column of a parquet file that holds encoded images: bytes, or a structure with a field <c>bytes</c>. Not used for
    /// folders.
    /// </summary>
    public string Image { get; init; } = "image";

    /// <summary>Column that holds the class. Null: a folder's sub-folders name the classes, a parquet file has none.</summary>
    public string? Class { get; init; }

    /// <summary>Column that holds the caption. Null: <c>text</c> or else <c>caption</c>, where there is one.</summary>
    public string? Caption { get; init; }

    /// <summary>Further captions, made of a parquet file's columns. Not used for folders.</summary>
    public IReadOnlyList<CaptionTemplate> OtherCaptions { get; init; } = [];

    /// <summary>Keeps only some rows. Null: all.</summary>
    public RowFilter? Filter { get; init; }
}
