using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Support;

/// <summary>Reads NumPy's .npz archives: C-ordered little-endian arrays of numbers.</summary>
internal sealed partial class Npz : IDisposable
{
    private readonly ZipArchive _archive;

    private Npz(string path) => _archive = ZipFile.OpenRead(path);

    public IEnumerable<string> Names => _archive.Entries.Select(e => e.FullName[..^".npy".Length]);

    public static Npz Open(string path) => new(path);

    /// <summary>Reads an array into a new tensor that the caller disposes.</summary>
    public Tensor this[string name]
    {
        get
        {
            var (header, data) = Split(name);
            var type = DescriptionPattern().Match(header).Groups[1].Value switch
            {
                "|b1" => ScalarType.Bool,
                "|u1" => ScalarType.Byte,
                "|i1" => ScalarType.Int8,
                "<i2" => ScalarType.Int16,
                "<i4" => ScalarType.Int32,
                "<i8" => ScalarType.Int64,
                "<f2" => ScalarType.Float16,
                "<f4" => ScalarType.Float32,
                "<f8" => ScalarType.Float64,
                var other => throw new NotSupportedException($"{name}: dtype {other}"),
            };
            var sizes = ShapePattern().Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries);
            if (header.Contains("'fortran_order': True", StringComparison.Ordinal))
            {
                throw new NotSupportedException($"{name}: column-major");
            }

            var tensor = empty([.. sizes.Where(s => s.Length > 0).Select(long.Parse)], type, CPU);
            if (data.Length > 0)
            {
                data.CopyTo(tensor.bytes);
            }

            return tensor;
        }
    }

    /// <summary>Reads an array of bytes that holds a text.</summary>
    public string Text(string name) => Encoding.UTF8.GetString(Split(name).Data);

    public void Dispose() => _archive.Dispose();

    private (string Header, byte[] Data) Split(string name)
    {
        var entry = _archive.GetEntry(name + ".npy") ?? throw new KeyNotFoundException($"no array {name}");
        using var stream = entry.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var bytes = memory.ToArray();

        // Magic (6 bytes), version (2), header length (2 bytes in version 1, 4 afterwards), header, data.
        var (start, length) =
            bytes[6] == 1
                ? (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8)))
                : (12, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)));
        return (Encoding.ASCII.GetString(bytes, start, length), bytes[(start + length)..]);
    }

    [GeneratedRegex("'descr': '([^']+)'")]
    private static partial Regex DescriptionPattern();

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
