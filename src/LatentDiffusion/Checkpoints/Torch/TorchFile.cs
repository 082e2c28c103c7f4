using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch.Pickles;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>
/// A file of Python's torch.save (.pth, .pt, .ckpt, .bin), open for reading. Its pickle is read at once by a machine that
/// builds tensors and plain values only and runs nothing of the file; tensors are read one by one from the open file, so
/// files may be larger than the memory. May be read from several threads.
/// </summary>
/// <remarks>
/// Understands the zip format, the one before PyTorch 1.6, and the tar archives before 0.1.10, whatever the file's name.
/// </remarks>
public sealed class TorchFile : IWeights
{
    private const int HeadLength = 512;

    private readonly PositionalFile _file;
    private readonly IReadOnlyDictionary<string, PickledTensor> _views;
    private readonly bool _isBigEndian;

    private TorchFile(PositionalFile file, TorchContents contents)
    {
        _file = file;
        _isBigEndian = contents.IsBigEndian;
        Stubs = contents.Stubs;
        (_views, Values) = TensorNames.Collect(file, contents.Value);
        RequireBoundedSize();
        Metadata = Values.ToDictionary(v => v.Key, v => Convert.ToString(v.Value, CultureInfo.InvariantCulture) ?? "");
        Tensors = _views.ToDictionary(
            v => v.Key,
            v => new TorchTensorEntry(v.Key, v.Value.Storage.Dtype, Array.AsReadOnly(v.Value.Sizes))
        );
        Shapes = Tensors.ToDictionary(t => t.Key, t => t.Value.Shape);
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <summary>
    /// The tensors by the dictionary keys that lead to them, joined by dots, in the order they were saved. Where the saved
    /// dictionary has a "state_dict" these are the tensors in it, by their names in it, and no others.
    /// </summary>
    public IReadOnlyDictionary<string, TorchTensorEntry> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    /// <summary>
    /// The numbers (long or double), texts (string) and truth values (bool) of the whole file by the dictionary keys that
    /// lead to them, joined by dots: for example "global_step".
    /// </summary>
    public IReadOnlyDictionary<string, object> Values { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Classes and functions that the file names and this program does not know, such as "os.system", sorted.</summary>
    /// <remarks>They were passed over: nothing that they would have made is among tensors and values.</remarks>
    public IReadOnlyList<string> Stubs { get; }

    /// <summary>Opens a file and reads its pickle.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">
    /// The file is damaged, breaks a limit, is not one of torch.save, or holds something else than a dictionary.
    /// </exception>
    public static TorchFile Open(string path)
    {
        var file = PositionalFile.Open(path);
        try
        {
            return new TorchFile(file, Load(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor Read(string name)
    {
        var view = Find(name);
        using var scope = NewDisposeScope();
        if (view.IsContiguous)
        {
            var tensor = empty(view.Sizes, view.Storage.Dtype, CPU);
            Fill(tensor, name, view);
            return tensor.MoveToOuterDisposeScope();
        }

        var elements = empty([view.Span], view.Storage.Dtype, CPU);
        Fill(elements, name, view);
        return elements.as_strided(view.Sizes, view.Strides).contiguous().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var view = Find(name);
        TargetTensor.RequireShape(Path, name, view.Sizes, target);
        if (view.IsContiguous && view.Storage.Dtype == target.dtype && TensorMemory.IsPlain(target))
        {
            Fill(target, name, view);
            return;
        }

        using var source = Read(name);
        TargetTensor.Fill(target, source, Path, name, view.Storage.Dtype.ToString());
    }

    /// <inheritdoc/>
    public ScalarType? TypeOf(string name) => Find(name).Storage.Dtype;

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static TorchContents Load(PositionalFile file)
    {
        const byte Pickle = 0x80;
        const int TarPosition = 257;
        Span<byte> head = stackalloc byte[HeadLength];
        head = head[..(int)Math.Min(head.Length, file.Length)];
        file.ReadExactly(head, 0);
        if (head.StartsWith("PK\x03\x04"u8))
        {
            return TorchZip.Load(file);
        }

        if (head.StartsWith([Pickle]))
        {
            return TorchStream.Load(file);
        }

        return head.Length == HeadLength && head[TarPosition..].StartsWith("ustar"u8)
            ? TorchTar.Load(file)
            : throw file.Damaged("this is neither a file of torch.save nor a safetensors file");
    }

    // Views make much out of little: whoever reads all tensors must not run out of memory or disk.
    private void RequireBoundedSize()
    {
        const int Views = 16;
        Int128 total = 0;
        foreach (var view in _views.Values)
        {
            total += view.Sizes.Aggregate((Int128)view.Storage.ElementSize, (product, size) => product * size);
        }

        if (total > (Int128)Views * _file.Length + PickledTensor.MaxExpandedLength)
        {
            throw _file.Damaged($"its tensors are views that take {total} bytes together, of a file of {_file.Length}");
        }
    }

    private PickledTensor Find(string name) =>
        _views.TryGetValue(name, out var view)
            ? view
            : throw new UserInputException($"{Path}: there is no tensor {OneLine.Quote(name)} in this file.");

    private void Fill(Tensor tensor, string name, PickledTensor view)
    {
        var storage = view.Storage;
        var start = storage.Position + view.Offset * storage.ElementSize;
        TensorMemory.ForEachPiece(
            tensor,
            (piece, offset) =>
            {
                _file.ReadExactly(piece, start + offset);
                if (_isBigEndian)
                {
                    SwapBytes(piece, storage.ElementSize);
                }

                // Any other byte would be undefined behaviour in libtorch's kernels.
                if (storage.Dtype == ScalarType.Bool && piece.ContainsAnyExceptInRange((byte)0, (byte)1))
                {
                    piece.Clear();
                    throw _file.Damaged($"tensor {OneLine.Quote(name)} is Bool but holds bytes other than 0 and 1");
                }
            }
        );
    }

    private static void SwapBytes(Span<byte> bytes, int elementSize)
    {
        switch (elementSize)
        {
            case sizeof(short):
                var shorts = MemoryMarshal.Cast<byte, short>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case sizeof(int):
                var ints = MemoryMarshal.Cast<byte, int>(bytes);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case sizeof(long):
                var longs = MemoryMarshal.Cast<byte, long>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
