namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>A tensor as a checked view of a storage.</summary>
internal sealed class PickledTensor
{
    private const int MaxDimensions = 64;

    // A stride of zero makes a tensor of any size out of one element. Files hold such views, but only small ones.
    public const long MaxExpandedLength = 256 * 1024 * 1024;

    private PickledTensor(PickledStorage storage, long offset, long[] sizes, long[] strides)
    {
        Storage = storage;
        Offset = offset;
        Sizes = sizes;
        Strides = strides;
    }

    public PickledStorage Storage { get; }

    /// <summary>Elements of the storage before the first one.</summary>
    public long Offset { get; }

    public long[] Sizes { get; }

    /// <summary>Elements of the storage from one to the next, per dimension.</summary>
    public long[] Strides { get; }

    /// <summary>Elements of the storage from the first to the last one, both counted.</summary>
    public long Span => Sizes.Contains(0) ? 0 : 1 + Sizes.Zip(Strides, (size, stride) => (size - 1) * stride).Sum();

    /// <summary>Whether the elements lie one after the other in row-major order.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (var axis = Sizes.Length - 1; axis >= 0; axis--)
            {
                if (Sizes[axis] != 1 && Strides[axis] != expected)
                {
                    return Sizes.Contains(0);
                }

                expected *= Sizes[axis];
            }

            return true;
        }
    }

    /// <summary>Checks what a pickle claims about a view.</summary>
    /// <exception cref="CheckpointFormatException">It is not a view, or leads out of the storage.</exception>
    public static PickledTensor Create(
        PickleInput input,
        PickledStorage storage,
        object? offset,
        object? sizes,
        object? strides
    )
    {
        var shape = Numbers(sizes);
        var steps = Numbers(strides);
        if (offset is not long start || shape is null || steps is null || shape.Length != steps.Length || start < 0)
        {
            throw input.Damaged("a tensor has sizes, strides or an offset that are not whole numbers from 0 on");
        }

        // Zero sizes hide an overflow of the others from the count, but not from libtorch.
        var longest = Math.Max(MaxExpandedLength, storage.Count * storage.ElementSize);
        Int128 length = storage.ElementSize;
        Int128 last = start;
        foreach (var (size, stride) in shape.Zip(steps))
        {
            length *= Math.Max(size, 1);
            last += (Int128)(size - 1) * stride;
            if (length > longest)
            {
                throw input.Damaged($"a tensor of {shape.Length} dimensions is larger than its storage");
            }
        }

        if (last >= storage.Count && !shape.Contains(0))
        {
            throw input.Damaged($"a tensor uses element {last} of a storage of {storage.Count}");
        }

        return new PickledTensor(storage, start, shape, steps);
    }

    private static long[]? Numbers(object? value) =>
        value is object?[] { Length: <= MaxDimensions } tuple && Array.TrueForAll(tuple, n => n is long and >= 0)
            ? Array.ConvertAll(tuple, n => (long)n!)
            : null;
}
