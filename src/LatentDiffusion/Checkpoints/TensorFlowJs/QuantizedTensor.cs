namespace LatentDiffusion.Checkpoints.TensorFlowJs;

/// <summary>A tensor of one byte an element: its values are byte * <paramref name="Scale"/> + <paramref name="Min"/>.</summary>
/// <param name="Name">Its name, such as "conv2d_1/kernel".</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Offset">Its first byte in the data of all shards together.</param>
/// <param name="Count">Elements.</param>
/// <param name="Min">The value of byte 0.</param>
/// <param name="Scale">The value of a step.</param>
internal sealed record QuantizedTensor(
    string Name,
    IReadOnlyList<long> Shape,
    long Offset,
    long Count,
    double Min,
    double Scale
);
