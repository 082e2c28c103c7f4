using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>A gated GELU by <see cref="Gating.GatedGeluKernel{TLanes, TVector}"/>; for inference.</summary>
internal static unsafe class GatedGeluOperator
{
    /// <summary>Whether the kernel can do it; it has no gradient.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[..., 2 C].</param>
    public static bool Fits(KernelSet kernels, Tensor x) =>
        !Gradients.Needed(x)
        && Gradients.IsKernelMemory(x)
        && x.is_contiguous()
        && x.shape[^1] % (2 * kernels.Width) == 0
        && x.numel() > 0;

    /// <summary>Computes the first half of the channels times GELU of the second.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[..., 2 C].</param>
    /// <returns>[..., C].</returns>
    public static Tensor Apply(KernelSet kernels, Tensor x)
    {
        var columns = (int)x.shape[^1] / 2;
        var result = TensorMemory.Empty([.. x.shape.AsSpan(0, x.shape.Length - 1), columns]);
        kernels.GatedGelu(
            (int)(x.numel() / (2 * columns)),
            columns,
            TensorMemory.Floats(x),
            TensorMemory.Floats(result)
        );
        return result;
    }
}
