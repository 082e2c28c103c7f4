using System.Text;
using LatentDiffusion.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints;

/// <summary>What the safetensors tests share: hand-made files and comparison to the last bit.</summary>
internal static class SafetensorsSamples
{
    /// <summary>The dtypes that can be read and written.</summary>
    public static readonly ScalarType[] Types =
    [
        ScalarType.Bool,
        ScalarType.Byte,
        ScalarType.Int8,
        ScalarType.Int16,
        ScalarType.Int32,
        ScalarType.Int64,
        ScalarType.Float16,
        ScalarType.BFloat16,
        ScalarType.Float32,
        ScalarType.Float64,
        ScalarType.ComplexFloat32,
    ];

    /// <summary>A file with this JSON text, as it stands, and this many data bytes 0, 1, 0, 1, ...</summary>
    public static byte[] FileOf(string json, int dataLength = 0) => FileOf(Encoding.UTF8.GetBytes(json), dataLength);

    public static byte[] FileOf(byte[] json, int dataLength) =>
        [
            .. BitConverter.GetBytes((ulong)json.Length),
            .. json,
            .. Enumerable.Range(0, dataLength).Select(i => (byte)(i % 2)),
        ];

    public static byte[] BytesOf(Tensor tensor)
    {
        using var plain = tensor.detach().resolve_conj().resolve_neg().contiguous();
        return plain.numel() == 0 ? [] : plain.bytes.ToArray();
    }

    /// <summary>Whether dtype, shape and every bit agree (NaNs included).</summary>
    public static bool Same(Tensor a, Tensor b) =>
        a.dtype == b.dtype && a.shape.SequenceEqual(b.shape) && BytesOf(a).AsSpan().SequenceEqual(BytesOf(b));

    /// <summary>Everything a reader sees in a file: metadata and tensors in order, as text.</summary>
    public static string Describe(SafetensorsFile file)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in file.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            text.Append($"{key}={value};");
        }

        foreach (var (name, entry) in file.Tensors)
        {
            using var tensor = file.Read(name);
            var bytes = Convert.ToHexString(BytesOf(tensor));
            text.Append($"{name}:{entry.Dtype}[{string.Join(',', entry.Shape)}]@{entry.Offset}={bytes};");
        }

        return text.ToString();
    }
}
