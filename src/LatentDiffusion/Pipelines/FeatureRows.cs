using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>Vectors of one length, gathered batch by batch in float32 and never copied while they grow.</summary>
/// <param name="size">Their length.</param>
internal sealed class FeatureRows(int size)
{
    private readonly List<float[]> _pieces = [];

    /// <summary>Their length.</summary>
    public int Size => size;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Appends vectors.</summary>
    /// <param name="vectors">[B, <see cref="Size"/>]; borrowed.</param>
    public void Add(Tensor vectors)
    {
        using var scope = NewDisposeScope();
        _pieces.Add(vectors.detach().to(float32, CPU).contiguous().data<float>().ToArray());
        Count += (int)vectors.shape[0];
    }

    /// <summary>Forgets them.</summary>
    public void Clear()
    {
        _pieces.Clear();
        Count = 0;
    }

    /// <summary>Some of the vectors.</summary>
    /// <param name="indices">Which, ascending.</param>
    /// <returns>[N, <see cref="Size"/>] in float32, owned by the caller.</returns>
    public Tensor Pick(IReadOnlyList<int> indices)
    {
        var values = new float[indices.Count * size];
        var (picked, first) = (0, 0);
        foreach (var piece in _pieces)
        {
            var end = first + piece.Length / size;
            for (; picked < indices.Count && indices[picked] < end; picked++)
            {
                piece.AsSpan((indices[picked] - first) * size, size).CopyTo(values.AsSpan(picked * size));
            }

            first = end;
        }

        return tensor(values, [indices.Count, size]);
    }

    /// <summary>All vectors, [<see cref="Count"/>, <see cref="Size"/>], owned by the caller.</summary>
    public Tensor ToTensor(ScalarType dtype)
    {
        var all = empty([Count, size], dtype);
        var first = 0;
        foreach (var piece in _pieces)
        {
            using var scope = NewDisposeScope();
            var rows = piece.Length / size;
            all.narrow(0, first, rows).copy_(tensor(piece, [rows, size]));
            first += rows;
        }

        return all;
    }
}
