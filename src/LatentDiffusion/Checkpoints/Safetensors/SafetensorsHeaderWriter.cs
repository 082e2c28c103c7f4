using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>Builds the header of a new file: the length, the JSON text, padding to 8 bytes.</summary>
internal static class SafetensorsHeaderWriter
{
    private const int PrefixLength = sizeof(ulong);
    private const int MaxHeaderLength = 100_000_000;
    public const string MetadataName = "__metadata__";

    // Half a character must not be written as a replacement mark: two names could become one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Builds the header with zeros for the digits of the checksum.</summary>
    /// <returns>The bytes, and the place in them of the first digit.</returns>
    public static (byte[] Bytes, int DigitsPosition) Build(
        IEnumerable<TensorEntry> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(new byte[PrefixLength].AsSpan());
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        int digits;
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            digits = PrefixLength + WriteMetadata(json, metadata);
            foreach (var entry in tensors)
            {
                WriteTensor(json, entry);
            }

            json.WriteEndObject();
        }

        buffer.Write("       "u8[..(-buffer.WrittenCount & 7)]);
        var bytes = buffer.WrittenSpan.ToArray();
        var length = bytes.Length - PrefixLength;
        if (length > MaxHeaderLength)
        {
            throw new ArgumentException(
                $"The header would take {length} bytes; the format allows {MaxHeaderLength}. Use fewer tensors or less metadata."
            );
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)length);
        return (bytes, digits);
    }

    private static int WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        var digits = 0;
        json.WriteStartObject(MetadataName);
        foreach (var key in metadata.Keys.Append(Checksum.Key).Distinct().Order(StringComparer.Ordinal))
        {
            if (key != Checksum.Key)
            {
                json.WriteString(Utf8.GetBytes(key), Utf8.GetBytes(metadata[key]));
                continue;
            }

            json.WriteString(key, Checksum.Blank);
            digits = (int)(json.BytesCommitted + json.BytesPending) - 1 - Checksum.DigitCount;
        }

        json.WriteEndObject();
        return digits;
    }

    private static void WriteTensor(Utf8JsonWriter json, TensorEntry entry)
    {
        json.WriteStartObject(Utf8.GetBytes(entry.Name));
        json.WriteString("dtype", entry.Dtype.FormatName());
        json.WriteStartArray("shape");
        foreach (var size in entry.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(entry.Offset);
        json.WriteNumberValue(entry.Offset + entry.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
