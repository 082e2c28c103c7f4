using System.Buffers;
using System.Buffers.Binary;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>
/// A safetensors file, open for reading. The header is checked strictly at once; tensors are read one by one, straight
/// into the memory of the tensor, so files may be larger than the memory. May be read from several threads.
/// </summary>
public sealed class SafetensorsFile : IWeights
{
    private const int PrefixLength = sizeof(ulong);
    private const int MaxHeaderLength = 100_000_000;

    private readonly PositionalFile _file;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsFile(PositionalFile file, SafetensorsHeader header, long dataStart)
    {
        _file = file;
        _header = header;
        _dataStart = dataStart;
        Shapes = header.Tensors.ToDictionary(t => t.Key, t => t.Value.Shape);
    }

    /// <summary>The file, as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>The free texts of the file, without the checksum.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>The tensors by name, in the order of their data.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    /// <summary>Whether the file states a checksum; files of <see cref="SafetensorsWriter"/> do, most others do not.</summary>
    public bool HasChecksum => _header.Checksum is not null;

    /// <summary>Opens a file and checks its header and, where it states one, its checksum.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verify">
    /// Whether to compare the checksum, which reads the whole file once at 5 to 10 GB/s or the disk's speed, and leaves it
    /// in the system's cache for the reads that follow. Pass false to look at the header alone.
    /// </param>
    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The file is damaged or is not a safetensors file.</exception>
    public static SafetensorsFile Open(string path, bool verify = true)
    {
        var file = PositionalFile.Open(path);
        try
        {
            var length = file.Length;
            if (length < PrefixLength)
            {
                throw new CheckpointFormatException(
                    $"{path}: {length} bytes are too few for a safetensors file. Copy or download the file again."
                );
            }

            Span<byte> prefix = stackalloc byte[PrefixLength];
            file.ReadExactly(prefix, 0);
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerLength > (ulong)Math.Min(MaxHeaderLength, length - PrefixLength))
            {
                throw new CheckpointFormatException(
                    $"{path}: the header claims {headerLength} bytes, but the file has {length} and {MaxHeaderLength} are "
                        + "allowed, so it is damaged or not a safetensors file. Copy or download it again."
                );
            }

            var json = new byte[headerLength];
            file.ReadExactly(json, PrefixLength);
            var dataStart = PrefixLength + json.Length;
            var header = new SafetensorsHeaderReader(path, json, length - dataStart).Read();
            if (verify && header.Checksum is { } recorded)
            {
                Verify(file, prefix, json, recorded);
            }

            return new SafetensorsFile(file, header, dataStart);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads one tensor into fresh CPU memory, which the caller owns.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A tensor of the file's dtype and shape; it belongs to the current dispose scope, if any.</returns>
    /// <exception cref="UserInputException">There is no such tensor, or TorchSharp has no such dtype.</exception>
    /// <exception cref="CheckpointFormatException">The data breaks the format's rules.</exception>
    public Tensor Read(string name)
    {
        var entry = Find(name);
        var type =
            entry.Dtype.TorchType()
            ?? throw new UserInputException(
                $"{Path}: tensor {OneLine.Quote(name)} has the dtype {entry.Dtype.FormatName()}, which cannot be "
                    + "computed with here. Convert the file to F32 or an integer type up to I64 first."
            );
        var tensor = empty([.. entry.Shape], type, CPU);
        try
        {
            Fill(tensor, entry);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Reads one tensor into an existing one of the same shape, converting the elements where types differ.</summary>
    /// <param name="name">The tensor's name in the file.</param>
    /// <param name="target">
    /// The tensor to fill, on any device. A contiguous CPU tensor of the file's dtype is filled without further memory.
    /// When reading fails midway its contents are undefined.
    /// </param>
    /// <exception cref="UserInputException">
    /// There is no such tensor, its shape differs, or it holds fractions or complex numbers and the target cannot.
    /// </exception>
    /// <exception cref="CheckpointFormatException">The data breaks the format's rules.</exception>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var entry = Find(name);
        TargetTensor.RequireShape(Path, name, entry.Shape, target);
        if (entry.Dtype.TorchType() == target.dtype && TensorMemory.IsPlain(target))
        {
            Fill(target, entry);
            return;
        }

        using var source = Read(name);
        TargetTensor.Fill(target, source, Path, name, entry.Dtype.FormatName());
    }

    /// <inheritdoc/>
    public ScalarType? TypeOf(string name) => Find(name).Dtype.TorchType();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void Verify(
        PositionalFile file,
        ReadOnlySpan<byte> prefix,
        Span<byte> json,
        RecordedChecksum recorded
    )
    {
        var checksum = new Checksum();
        checksum.Append(prefix);
        json.Slice(recorded.Position, Checksum.DigitCount).Fill((byte)'0');
        checksum.Append(json);
        var buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
        try
        {
            for (long position = prefix.Length + json.Length; position < file.Length; )
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - position));
                file.ReadExactly(piece, position);
                checksum.Append(piece);
                position += piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (checksum.GetDigits() != recorded.Digits)
        {
            throw new CheckpointFormatException(
                $"{file.Path}: the contents do not match the file's checksum: it was damaged after it was written. "
                    + "Use another copy or an earlier checkpoint."
            );
        }
    }

    private TensorEntry Find(string name) =>
        Tensors.TryGetValue(name, out var entry)
            ? entry
            : throw new UserInputException($"{Path}: there is no tensor {OneLine.Quote(name)} in this file.");

    private void Fill(Tensor tensor, TensorEntry entry) =>
        TensorMemory.ForEachPiece(
            tensor,
            (piece, offset) =>
            {
                _file.ReadExactly(piece, _dataStart + entry.Offset + offset);

                // Any other byte would be undefined behaviour in libtorch's kernels.
                if (entry.Dtype == SafetensorsDtype.Bool && piece.ContainsAnyExceptInRange((byte)0, (byte)1))
                {
                    piece.Clear();
                    throw new CheckpointFormatException(
                        $"{Path}: tensor {OneLine.Quote(entry.Name)} is BOOL but holds bytes other than 0 and 1. "
                            + "Copy or download the file again."
                    );
                }
            }
        );
}
