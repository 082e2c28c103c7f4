using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>A tensor that is made when its turn to be written comes, so that a file may be larger than the memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">The type of its elements.</param>
/// <param name="Shape">Its sizes, outermost first.</param>
/// <param name="Read">Gives a tensor of that type and shape; what it makes belongs to the current dispose scope.</param>
public sealed record TensorToWrite(string Name, ScalarType Dtype, IReadOnlyList<long> Shape, Func<Tensor> Read)
{
    internal bool IsSparse { get; private init; }

    /// <summary>A tensor that is there already; it stays the caller's.</summary>
    public static TensorToWrite Of(string name, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new TensorToWrite(name, tensor.dtype, tensor.shape, tensor.alias) { IsSparse = tensor.is_sparse };
    }
}
