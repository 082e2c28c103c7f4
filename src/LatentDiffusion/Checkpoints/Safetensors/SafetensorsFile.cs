using System.Buffers;
using System.Buffers.Binary;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>
/// A safetensors file, open for reading. The header is checked strictly at once; tensors are read one by one, straight
/// into the memory of the tensor, so files may be larger than the memory. May be read from several threads.
/// </summary>
/// <remarks>
/// Reads go to a position of the open file rather than through a memory mapping: both run at the speed of memory once
/// the file is cached, but a mapped file that someone cuts short ends the process, where a read throws.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int PrefixLength = sizeof(ulong);
    private const int MaxHeaderLength = 100_000_000;

    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header, long dataStart)
    {
        Path = path;
        _handle = handle;
        _header = header;
        _dataStart = dataStart;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>The free texts of the file, without the checksum.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>The tensors by name, in the order of their data.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

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
        ArgumentException.ThrowIfNullOrEmpty(path);
        var handle = OpenHandle(path);
        try
        {
            var length = RandomAccess.GetLength(handle);
            if (length < PrefixLength)
            {
                throw new CheckpointFormatException(
                    $"{path}: {length} bytes are too few for a safetensors file. Copy or download the file again."
                );
            }

            Span<byte> prefix = stackalloc byte[PrefixLength];
            ReadExactly(path, handle, prefix, 0);
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerLength > (ulong)Math.Min(MaxHeaderLength, length - PrefixLength))
            {
                throw new CheckpointFormatException(
                    $"{path}: the header claims {headerLength} bytes, but the file has {length} and {MaxHeaderLength} are "
                        + "allowed, so it is damaged or not a safetensors file. Copy or download it again."
                );
            }

            var json = new byte[headerLength];
            ReadExactly(path, handle, json, PrefixLength);
            var dataStart = PrefixLength + json.Length;
            var header = new SafetensorsHeaderReader(path, json, length - dataStart).Read();
            if (verify && header.Checksum is { } recorded)
            {
                Verify(path, handle, prefix, json, recorded, length);
            }

            return new SafetensorsFile(path, handle, header, dataStart);
        }
        catch
        {
            handle.Dispose();
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
        if (!entry.Shape.SequenceEqual(target.shape))
        {
            throw new UserInputException(
                $"{Path}: tensor {OneLine.Quote(name)} has the shape {OneLine.Shape(entry.Shape)}, but "
                    + $"{OneLine.Shape(target.shape)} is expected. Use the configuration the file was made with."
            );
        }

        if (entry.Dtype.TorchType() == target.dtype && TensorMemory.IsPlain(target))
        {
            Fill(target, entry);
            return;
        }

        using var gradients = no_grad();
        using var source = Read(name);
        if (Kind(source) > Kind(target))
        {
            throw new UserInputException(
                $"{Path}: tensor {OneLine.Quote(name)} holds {entry.Dtype.FormatName()}, which {target.dtype} cannot "
                    + "represent. Use the configuration the file was made with."
            );
        }

        target.copy_(source);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static int Kind(Tensor tensor) =>
        tensor.is_complex() ? 2
        : tensor.is_floating_point() ? 1
        : 0;

    private static SafeFileHandle OpenHandle(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"There is no file {path}. Check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserInputException($"{path} cannot be read: it is a folder, or permission is missing.", e);
        }
    }

    private static void ReadExactly(string path, SafeFileHandle handle, Span<byte> buffer, long position)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(handle, buffer, position);
            if (read == 0)
            {
                throw new CheckpointFormatException(
                    $"{path}: the file became shorter while it was read. Do not overwrite files that are in use."
                );
            }

            buffer = buffer[read..];
            position += read;
        }
    }

    private static void Verify(
        string path,
        SafeFileHandle handle,
        ReadOnlySpan<byte> prefix,
        Span<byte> json,
        RecordedChecksum recorded,
        long length
    )
    {
        var checksum = new Checksum();
        checksum.Append(prefix);
        json.Slice(recorded.Position, Checksum.DigitCount).Fill((byte)'0');
        checksum.Append(json);
        var buffer = ArrayPool<byte>.Shared.Rent(1024 * 1024);
        try
        {
            for (long position = prefix.Length + json.Length; position < length; )
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - position));
                ReadExactly(path, handle, piece, position);
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
                $"{path}: the contents do not match the file's checksum: it was damaged after it was written. "
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
                ReadExactly(Path, _handle, piece, _dataStart + entry.Offset + offset);

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
