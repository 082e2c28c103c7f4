using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>Reads NumPy's .npz archives: row-major little-endian arrays of numbers.</summary>
public sealed partial class NpzFile : IDisposable
{
    private const string Ending = ".npy";
    private const int LongestHeader = 1024 * 1024;

    private readonly string _path;
    private readonly ZipArchive _archive;

    private NpzFile(string path, ZipArchive archive) => (_path, _archive) = (path, archive);

    /// <summary>Names of the arrays.</summary>
    public IEnumerable<string> Names =>
        _archive
            .Entries.Where(e => e.FullName.EndsWith(Ending, StringComparison.Ordinal))
            .Select(e => e.FullName[..^Ending.Length]);

    // 0x93 "NUMPY", two bytes of version, then the header's length: two bytes in version 1, four afterwards.
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Opens an archive.</summary>
    /// <exception cref="CheckpointFormatException">The file is missing or no such archive.</exception>
    public static NpzFile Open(string path)
    {
        try
        {
            return new NpzFile(path, ZipFile.OpenRead(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointFormatException($"\"{path}\" does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointFormatException($"\"{path}\" cannot be read as an .npz archive: {e.Message}", e);
        }
    }

    /// <summary>Reads an array.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>A new CPU tensor of the stored type that the caller disposes.</returns>
    /// <exception cref="CheckpointFormatException">There is no such array, it is damaged or of another form.</exception>
    public Tensor Read(string name)
    {
        using var stream = Entry(name).Open();
        try
        {
            var header = ReadHeader(stream, name);
            if (header.Contains("'fortran_order': True", StringComparison.Ordinal))
            {
                throw Wrong(name, "is column-major. Save it with numpy.ascontiguousarray");
            }

            var tensor = empty(ShapeOf(header), TypeOf(header, name), CPU);
            TensorMemory.ForEachPiece(tensor, (bytes, _) => stream.ReadExactly(bytes));
            return tensor;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw Wrong(name, "is damaged. Copy or make the file again");
        }
    }

    /// <summary>Reads an array of bytes that holds a text.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="CheckpointFormatException">There is no such array, or it is damaged.</exception>
    public string ReadText(string name)
    {
        using var stream = Entry(name).Open();
        _ = ReadHeader(stream, name);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private ZipArchiveEntry Entry(string name) =>
        _archive.GetEntry(name + Ending)
        ?? throw new CheckpointFormatException(
            $"\"{_path}\" has no array '{name}'; it has {string.Join(", ", Names.Take(10))}."
        );

    private string ReadHeader(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[12];
        stream.ReadExactly(start[..10]);
        if (!start.StartsWith(Magic))
        {
            throw Wrong(name, "is no NumPy array");
        }

        long length = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        if (start[6] > 1)
        {
            stream.ReadExactly(start.Slice(10, 2));
            length = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        }

        if (length > LongestHeader)
        {
            throw Wrong(name, "is damaged. Copy or make the file again");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        return Encoding.Latin1.GetString(header);
    }

    private static long[] ShapeOf(string header) =>
        [
            .. ShapePattern()
                .Match(header)
                .Groups[1]
                .Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(s => long.Parse(s, CultureInfo.InvariantCulture)),
        ];

    private ScalarType TypeOf(string header, string name) =>
        DescriptionPattern().Match(header).Groups[1].Value switch
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
            var other => throw Wrong(name, $"holds numbers of type '{other}', which are not read"),
        };

    private CheckpointFormatException Wrong(string name, string what) => new($"\"{_path}\": array '{name}' {what}.");

    [GeneratedRegex("'descr': '([^']+)'")]
    private static partial Regex DescriptionPattern();

    [GeneratedRegex(@"'shape': \(([\d, ]*)\)")]
    private static partial Regex ShapePattern();
}
