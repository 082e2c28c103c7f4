using System.Globalization;
using LatentDiffusion.Errors;
using Parquet;
using Parquet.Schema;

namespace LatentDiffusion.Data;

/// <summary>Finds the columns of a parquet file by name and reads them as bytes or text.</summary>
internal sealed class ParquetColumns(string path, ParquetSchema schema)
{
    // How the reader names the element types of binary and of text columns.
    private static readonly Type Bytes = typeof(ReadOnlyMemory<byte>);
    private static readonly Type Text = typeof(ReadOnlyMemory<char>);
    private static readonly string[] CaptionColumns = ["text", "caption"];
    private readonly DataField[] _fields = schema.GetDataFields();

    public DataField ImageField(string column)
    {
        var field = Find(column) ?? Find($"{column}/bytes") ?? throw Missing(column);
        return field.ClrType == Bytes ? field : throw WrongType(column, field, "encoded image bytes");
    }

    /// <summary>The field of a column, or null if no column is asked for.</summary>
    public DataField? TextField(string? column)
    {
        if (column is null)
        {
            return null;
        }

        var field = Find(column) ?? throw Missing(column);
        Type[] readable = [Text, typeof(int), typeof(long), typeof(bool)];
        return readable.Contains(field.ClrType) ? field : throw WrongType(column, field, "text or whole numbers");
    }

    public DataField? DefaultCaptionField() =>
        CaptionColumns.Select(Find).FirstOrDefault(field => field?.ClrType == Text);

    public static async Task<byte[]?[]> ReadBytesAsync(ParquetRowGroupReader group, DataField field)
    {
        var values = new byte[]?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory()).ConfigureAwait(false);
        return values;
    }

    /// <summary>A column's values as text; nulls for every row if <paramref name="field"/> is null.</summary>
    public static async Task<string?[]> ReadTextAsync(ParquetRowGroupReader group, DataField? field)
    {
        if (field is null)
        {
            return new string?[group.RowCount];
        }

        if (field.ClrType == typeof(int))
        {
            return await ReadValuesAsync<int>(group, field).ConfigureAwait(false);
        }

        if (field.ClrType == typeof(long))
        {
            return await ReadValuesAsync<long>(group, field).ConfigureAwait(false);
        }

        if (field.ClrType == typeof(bool))
        {
            return await ReadValuesAsync<bool>(group, field).ConfigureAwait(false);
        }

        var values = new string?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory()).ConfigureAwait(false);
        return values;
    }

    private static async Task<string?[]> ReadValuesAsync<T>(ParquetRowGroupReader group, DataField field)
        where T : struct, IConvertible
    {
        var values = new T?[group.RowCount];
        await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
        return Array.ConvertAll(values, value => value?.ToString(CultureInfo.InvariantCulture));
    }

    // A path's parts are joined by '/': HF tables hold images as a structure image { bytes, path }.
    private DataField? Find(string column) =>
        Array.Find(_fields, field => string.Join('/', field.Path.ToList()) == column && !field.IsArray);

    private UserInputException Missing(string column) =>
        new(
            $"Parquet file \"{path}\" has no column \"{column}\": it has {string.Join(", ", schema.Fields.Select(f => f.Name))}."
        );

    private UserInputException WrongType(string column, DataField field, string wanted)
    {
        var held =
            field.ClrType == Bytes ? "bytes"
            : field.ClrType == Text ? "text"
            : $"{field.ClrType.Name} values";
        return new($"Column \"{column}\" of \"{path}\" holds {held}, not {wanted}. Name another column.");
    }
}
