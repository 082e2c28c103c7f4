using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>Elements that lie in the file one after the other; tensors are views of them.</summary>
internal sealed class PickledStorage(ScalarType dtype, long count)
{
    public ScalarType Dtype { get; } = dtype;

    /// <summary>The number of elements.</summary>
    public long Count { get; } = count;

    /// <summary>The place in the file of the first element.</summary>
    public long Position { get; set; }

    /// <summary>Bytes of one element.</summary>
    public int ElementSize { get; } = SizeOf(dtype);

    /// <summary>Bytes of one element of a type that a storage can have.</summary>
    public static int SizeOf(ScalarType dtype) =>
        dtype switch
        {
            ScalarType.Float64 or ScalarType.Int64 => 8,
            ScalarType.Float32 or ScalarType.Int32 => 4,
            ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
            _ => 1,
        };
}

/// <summary>Finds the storages of a file by the keys that its pickle uses.</summary>
internal interface IStorages
{
    /// <exception cref="CheckpointFormatException">There is no such storage, or it is smaller than that.</exception>
    PickledStorage Find(ScalarType dtype, string key, long count);

    /// <summary>What the oldest format refers to by a number alone: a tensor or a storage; null where there is none.</summary>
    object? FindByNumber(string number) => null;
}
