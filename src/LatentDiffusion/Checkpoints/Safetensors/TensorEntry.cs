namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>One tensor of a safetensors file, as its header describes it.</summary>
/// <param name="Name">Its name; unique in the file.</param>
/// <param name="Dtype">The type of its elements.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">Bytes from the start of the data (the end of the header) to its first element.</param>
/// <param name="Length">Bytes it takes.</param>
public sealed record TensorEntry(
    string Name,
    SafetensorsDtype Dtype,
    IReadOnlyList<long> Shape,
    long Offset,
    long Length
);
