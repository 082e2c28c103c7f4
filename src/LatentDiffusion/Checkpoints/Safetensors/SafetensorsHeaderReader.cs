using System.Collections.ObjectModel;
using System.Text.Json;
using System.Text.Unicode;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>Reads the JSON header of a file and refuses everything that the format does not allow.</summary>
/// <param name="file">The file's name, for messages.</param>
/// <param name="json">The header's bytes, padding included.</param>
/// <param name="dataLength">How many bytes follow the header.</param>
internal sealed class SafetensorsHeaderReader(string file, byte[] json, long dataLength)
{
    private const string MetadataName = "__metadata__";

    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, TensorEntry> _tensors = [];
    private bool _metadataSeen;
    private RecordedChecksum? _checksum;

    /// <summary>Reads and checks the whole header.</summary>
    public SafetensorsHeader Read()
    {
        if (json.Length == 0 || json[0] != '{')
        {
            throw Damaged("the header does not start with '{', so this is not a safetensors file");
        }

        if (!Utf8.IsValid(json))
        {
            throw Damaged("the header is not valid UTF-8");
        }

        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (NextProperty(ref reader))
            {
                ReadMember(ref reader);
            }

            // Only white space may follow the object; anything else throws.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second one comes from escapes that name half a character.
            throw new CheckpointFormatException(
                Message($"the header is not valid JSON ({OneLine.Clean(e.Message)})"),
                e
            );
        }

        return new SafetensorsHeader(_metadata.AsReadOnly(), InDataOrder(), _checksum);
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        var name = reader.GetString()!;
        reader.Read();
        if (name == MetadataName)
        {
            ReadMetadata(ref reader);
            return;
        }

        var entry = ReadTensor(name, ref reader);
        if (!_tensors.TryAdd(name, entry))
        {
            throw Damaged(name, "is described twice");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_metadataSeen || reader.TokenType != JsonTokenType.StartObject)
        {
            throw Damaged($"{MetadataName} is {(_metadataSeen ? "given twice" : "not an object")}");
        }

        _metadataSeen = true;
        while (NextProperty(ref reader))
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Damaged($"the metadata value {OneLine.Quote(key)} is not a text");
            }

            var value = reader.GetString()!;
            var known = key == Checksum.Key ? ReadChecksum(value, ref reader) : _metadata.TryAdd(key, value);
            if (!known)
            {
                throw Damaged($"the metadata key {OneLine.Quote(key)} is given twice");
            }

            if (key != Checksum.Key && Checksum.HasForm(value))
            {
                throw Damaged(
                    $"the metadata key {OneLine.Quote(key)} holds a checksum, which belongs to '{Checksum.Key}'"
                );
            }
        }
    }

    private bool ReadChecksum(string value, ref Utf8JsonReader reader)
    {
        if (!Checksum.HasForm(value) || reader.ValueIsEscaped)
        {
            throw Damaged($"the checksum {OneLine.Quote(value)} is malformed");
        }

        var first = _checksum is null;
        var position = (int)reader.TokenStartIndex + 1 + Checksum.Prefix.Length;
        _checksum = new RecordedChecksum(position, value[Checksum.Prefix.Length..]);
        return first;
    }

    private TensorEntry ReadTensor(string name, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Damaged(name, "is not described by an object");
        }

        SafetensorsDtype? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (NextProperty(ref reader))
        {
            var field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype" when dtype is null:
                    dtype = ReadDtype(name, ref reader);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(name, field, ref reader);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(name, field, ref reader);
                    break;
                default:
                    var fault = field is "dtype" or "shape" or "data_offsets" ? "twice" : "which the format lacks";
                    throw Damaged(name, $"has the field {OneLine.Quote(field)} {fault}");
            }
        }

        if (dtype is null || shape is null || offsets is not [var begin, var end])
        {
            throw Damaged(name, "needs a dtype, a shape and two data_offsets");
        }

        var entry = new TensorEntry(name, dtype.Value, shape.AsReadOnly(), begin, end - begin);
        CheckLength(entry);
        return entry;
    }

    private SafetensorsDtype ReadDtype(string name, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw Damaged(name, "has a dtype that is not a text");
        }

        var text = reader.GetString()!;
        return SafetensorsDtypes.Find(text) ?? throw Damaged(name, $"has the unknown dtype {OneLine.Quote(text)}");
    }

    private List<long> ReadNumbers(string name, string field, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Damaged(name, $"has a {field} that is not a list");
        }

        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // The unsigned reading refuses -0 as well.
            var whole = reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out _);
            if (!whole || !reader.TryGetInt64(out var number))
            {
                throw Damaged(name, $"has a {field} with something else than whole numbers from 0 to 2^63-1");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private void CheckLength(TensorEntry entry)
    {
        if (entry.Length < 0)
        {
            throw Damaged(entry.Name, "has data_offsets that end before they begin");
        }

        long count = 1;
        long span = 1;
        try
        {
            foreach (var size in entry.Shape)
            {
                // Zero sizes hide an overflow of the others from the count, but not from libtorch's strides.
                span = checked(span * Math.Max(size, 1));
                count *= size;
            }

            span = checked(span * entry.Dtype.Bits());
        }
        catch (OverflowException)
        {
            throw Damaged(entry.Name, $"has the shape {OneLine.Shape(entry.Shape)}, which is too large for any memory");
        }

        var bits = count * entry.Dtype.Bits();
        if (bits % 8 != 0 || bits / 8 != entry.Length)
        {
            throw Damaged(
                entry.Name,
                $"takes {entry.Length} bytes, but {entry.Dtype.FormatName()} of shape {OneLine.Shape(entry.Shape)} "
                    + $"needs {bits / 8m:0.###}"
            );
        }
    }

    // Sorted by place, the tensors must follow each other without a gap from the first byte to the last.
    private ReadOnlyDictionary<string, TensorEntry> InDataOrder()
    {
        var ordered = new OrderedDictionary<string, TensorEntry>(_tensors.Count);
        long end = 0;
        foreach (var entry in _tensors.Values.OrderBy(e => e.Offset).ThenBy(e => e.Length))
        {
            if (entry.Offset < end)
            {
                throw Damaged(entry.Name, $"overlaps the one before it by {end - entry.Offset} bytes");
            }

            if (entry.Offset > end)
            {
                throw Damaged(entry.Name, $"leaves a hole of {entry.Offset - end} bytes before it");
            }

            end += entry.Length;
            ordered.Add(entry.Name, entry);
        }

        if (end > dataLength)
        {
            throw Damaged($"the file ends {end - dataLength} bytes too early");
        }

        if (end < dataLength)
        {
            throw Damaged($"{dataLength - end} bytes after the last tensor belong to nothing");
        }

        return new ReadOnlyDictionary<string, TensorEntry>(ordered);
    }

    private static bool NextProperty(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private CheckpointFormatException Damaged(string tensor, string what) =>
        Damaged($"tensor {OneLine.Quote(tensor)} {what}");

    private CheckpointFormatException Damaged(string what) => new(Message(what));

    private string Message(string what) => $"{file}: {what}. Copy or download the file again.";
}
