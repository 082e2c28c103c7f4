using System.Buffers.Binary;
using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Torch.Pickles;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>
/// The format of torch.save before PyTorch 0.1.10: a tar archive of <c>storages</c>, <c>tensors</c> (views of them) and
/// <c>pickle</c>, which refers to both by numbers.
/// </summary>
internal sealed class TorchTar : IStorages
{
    private const int MaxDimensions = 64;
    private const int SmallBuffer = 512;

    private readonly PositionalFile _file;
    private readonly Dictionary<string, object> _saved = [];
    private readonly PickleStubs _stubs = new();

    // The classes of storages and tensors, which say nothing that the rest does not.
    private readonly PickleStubs _ignored = new();

    private TorchTar(PositionalFile file) => _file = file;

    /// <exception cref="CheckpointFormatException">The file is damaged or breaks a limit.</exception>
    public static TorchContents Load(PositionalFile file)
    {
        var members = TarDirectory.Read(file);
        var archive = new TorchTar(file);
        var (start, end) = Range("storages");
        archive.ReadStorages(start, end);
        (start, end) = Range("tensors");
        archive.ReadTensors(start, end);
        (start, end) = Range("pickle");
        var value = Unpickler.Load(new PickleInput(file, start, end), archive, archive._stubs);
        return new TorchContents(value, archive._stubs.Names, IsBigEndian: false);

        (long Start, long End) Range(string name) =>
            members.TryGetValue(name, out var member)
                ? (member.Position, member.Position + member.Length)
                : throw file.Damaged($"the tar archive has no member {name}");
    }

    /// <inheritdoc/>
    public PickledStorage Find(ScalarType dtype, string key, long count) =>
        throw _file.Damaged("the pickle refers to data in a way that a tar archive does not");

    /// <inheritdoc/>
    public object? FindByNumber(string number) => Saved(number);

    private void ReadStorages(long position, long end)
    {
        var count = ReadCount(ref position, end);
        for (long i = 0; i < count; i++)
        {
            var value = ReadPickle(ref position, end, _ignored);
            if (
                value is not object?[] fields
                || fields is not [var key, _, KnownGlobal { Kind: GlobalKind.Storage } type]
            )
            {
                throw _file.Damaged("the tar archive has a storage of an unknown type");
            }

            var elements = ReadInt64(ref position, end);
            if (elements < 0 || elements > (end - position) / PickledStorage.SizeOf(type.Dtype))
            {
                throw _file.Damaged($"a storage claims {elements} elements, more than the file has");
            }

            var storage = new PickledStorage(type.Dtype, elements) { Position = position };
            position += elements * storage.ElementSize;
            Save(key, storage);
        }

        if (ReadPickle(ref position, end, _ignored) is not List<object?> views)
        {
            throw _file.Damaged("the list of storage views is missing");
        }

        foreach (var view in views)
        {
            AddView(view);
        }
    }

    private void AddView(object? view)
    {
        if (
            view is not object?[] fields
            || fields is not [var key, var root, long offset, long count]
            || Saved(root) is not PickledStorage whole
            || offset < 0
            || count < 0
            || offset > whole.Count
            || count > whole.Count - offset
        )
        {
            throw _file.Damaged("a view of a storage leads out of it");
        }

        Save(key, new PickledStorage(whole.Dtype, count) { Position = whole.Position + offset * whole.ElementSize });
    }

    private void ReadTensors(long position, long end)
    {
        var count = ReadCount(ref position, end);
        for (long i = 0; i < count; i++)
        {
            var value = ReadPickle(ref position, end, _ignored);
            if (
                value is not object?[] fields
                || fields is not [var key, var storageKey, _]
                || Saved(storageKey) is not PickledStorage storage
            )
            {
                throw _file.Damaged("a tensor of the tar archive has no storage");
            }

            // The number of dimensions takes 8 bytes, of which 4 count.
            var dimensions = (int)ReadInt64(ref position, end);
            if (dimensions is < 0 or > MaxDimensions)
            {
                throw _file.Damaged($"a tensor has {dimensions} dimensions");
            }

            var sizes = Numbers(dimensions, ref position);
            var strides = Numbers(dimensions, ref position);
            var offset = ReadInt64(ref position, end);
            var input = new PickleInput(_file, position, end, SmallBuffer);
            Save(key, PickledTensor.Create(input, storage, offset, sizes, strides));
        }

        object?[] Numbers(int dimensions, ref long at)
        {
            var numbers = new object?[dimensions];
            for (var axis = 0; axis < dimensions; axis++)
            {
                numbers[axis] = ReadInt64(ref at, end);
            }

            return numbers;
        }
    }

    private object? Saved(object? key) => _saved.GetValueOrDefault(NameOf(key));

    private void Save(object? key, object value)
    {
        if (!_saved.TryAdd(NameOf(key), value))
        {
            throw _file.Damaged("the tar archive uses a number twice");
        }
    }

    private string NameOf(object? key) =>
        key switch
        {
            long number => number.ToString(CultureInfo.InvariantCulture),
            string text => text,
            _ => throw _file.Damaged("the tar archive names a storage by something that is not a number"),
        };

    private long ReadCount(ref long position, long end) =>
        ReadPickle(ref position, end, _ignored) is long count and >= 0
            ? count
            : throw _file.Damaged("the tar archive does not say how many storages or tensors it has");

    private object? ReadPickle(ref long position, long end, PickleStubs stubs)
    {
        var input = new PickleInput(_file, position, end, SmallBuffer);
        var value = Unpickler.Load(input, this, stubs);
        position = input.Position;
        return value;
    }

    private long ReadInt64(ref long position, long end)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        if (end - position < bytes.Length)
        {
            throw _file.Damaged("the tar archive ends too early");
        }

        _file.ReadExactly(bytes, position);
        position += bytes.Length;
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }
}
