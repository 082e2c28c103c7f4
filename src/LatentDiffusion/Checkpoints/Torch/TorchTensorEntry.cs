using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>One tensor of a PyTorch file.</summary>
/// <param name="Name">The keys that lead to it, joined by dots; unique in the file.</param>
/// <param name="Dtype">The type of its elements.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a scalar.</param>
public sealed record TorchTensorEntry(string Name, ScalarType Dtype, IReadOnlyList<long> Shape);
