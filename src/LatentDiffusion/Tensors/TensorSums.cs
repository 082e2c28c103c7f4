using TorchSharp;
using static TorchSharp.torch;

namespace LatentDiffusion.Tensors;

/// <summary>Sums of tensors.</summary>
/// <remarks>
/// TorchSharp's own operator makes a temporary scalar, the 1 that the second tensor is multiplied by, which the garbage
/// collector may finalise while native code still reads it; see <see cref="Scalars"/>.
/// </remarks>
public static class TensorSums
{
    private static readonly Scalar One = 1L.ToScalar();

    /// <summary>The sum of two tensors whose shapes broadcast.</summary>
    public static Tensor Plus(this Tensor tensor, Tensor other)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.add(other, One);
    }

    /// <summary>Adds another tensor, whose shape broadcasts to this one's, in place.</summary>
    /// <returns>This tensor.</returns>
    public static Tensor PlusInPlace(this Tensor tensor, Tensor other)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.add_(other, One);
    }
}
