using System.Buffers.Binary;
using System.Numerics;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch.Pickles;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>
/// The format of torch.save before PyTorch 1.6: pickles of a magic number, the protocol, facts about the machine, the
/// object, and the keys of its storages; then each storage as its element count (int64) and its elements, little-endian.
/// </summary>
internal sealed class TorchStream : IStorages
{
    private const long Protocol = 1001;

    private static readonly BigInteger Magic = new([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);

    private readonly PositionalFile _file;
    private readonly Dictionary<string, PickledStorage> _storages = [];

    private TorchStream(PositionalFile file) => _file = file;

    /// <exception cref="CheckpointFormatException">The file is damaged or breaks a limit.</exception>
    public static TorchContents Load(PositionalFile file)
    {
        var stream = new TorchStream(file);
        var input = new PickleInput(file, 0, file.Length);
        var stubs = new PickleStubs();
        if (Next() is not BigInteger magic || magic != Magic || Next() is not Protocol)
        {
            throw file.Damaged("the file is a pickle, but not one of torch.save");
        }

        _ = Next();
        var value = Next();
        if (Next() is not List<object?> keys)
        {
            throw input.Damaged("the list of storages is missing");
        }

        stream.Place(keys, input.Position);
        return new TorchContents(value, stubs.Names, IsBigEndian: false);

        object? Next() => Unpickler.Load(input, stream, stubs);
    }

    /// <inheritdoc/>
    public PickledStorage Find(ScalarType dtype, string key, long count)
    {
        if (count < 0 || count > _file.Length / PickledStorage.SizeOf(dtype))
        {
            throw _file.Damaged($"storage {OneLine.Quote(key)} of {count} {dtype} is larger than the file");
        }

        if (!_storages.TryGetValue(key, out var storage))
        {
            _storages.Add(key, storage = new PickledStorage(dtype, count));
        }

        return storage.Dtype == dtype && storage.Count == count
            ? storage
            : throw _file.Damaged($"storage {OneLine.Quote(key)} is described in two ways");
    }

    private void Place(List<object?> keys, long position)
    {
        HashSet<string> placed = [];
        Span<byte> prefix = stackalloc byte[sizeof(long)];
        foreach (var key in keys)
        {
            if (key is not string name || !_storages.TryGetValue(name, out var storage) || !placed.Add(name))
            {
                throw _file.Damaged("the list of storages names one twice, or one that no tensor has");
            }

            RequireLength(prefix.Length);
            _file.ReadExactly(prefix, position);
            position += prefix.Length;
            var count = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (count != storage.Count)
            {
                throw _file.Damaged(
                    $"storage {OneLine.Quote(name)} has {count} elements where its tensors expect {storage.Count}"
                );
            }

            RequireLength(count * storage.ElementSize);
            storage.Position = position;
            position += count * storage.ElementSize;
        }

        if (placed.Count < _storages.Count)
        {
            throw _file.Damaged($"{_storages.Count - placed.Count} of {_storages.Count} storages are missing");
        }

        void RequireLength(long length)
        {
            if (_file.Length - position < length)
            {
                throw _file.Damaged($"the file ends {length - (_file.Length - position)} bytes too early");
            }
        }
    }
}
