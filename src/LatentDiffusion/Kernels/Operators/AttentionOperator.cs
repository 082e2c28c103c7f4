using LatentDiffusion.Kernels.Attention;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>Multi-head attention by <see cref="AttentionKernel{TLanes, TVector}"/>; for inference.</summary>
internal static unsafe class AttentionOperator
{
    /// <summary>Whether the kernel can do it; it has no gradient.</summary>
    /// <param name="query">[B, heads, T, d].</param>
    /// <param name="key">[B, heads, S, d].</param>
    /// <param name="value">[B, heads, S, d].</param>
    public static bool Fits(Tensor query, Tensor key, Tensor value) =>
        !Gradients.Needed(query, key, value)
        && IsUsable(query)
        && IsUsable(key)
        && IsUsable(value)
        && key.shape[0] == query.shape[0];

    /// <summary>Attends.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="query">[B, heads, T, d].</param>
    /// <param name="key">[B, heads, S, d].</param>
    /// <param name="value">[B, heads, S, d].</param>
    /// <returns>[B, heads, T, d], laid out as [B, T, heads, d].</returns>
    public static Tensor Apply(KernelSet kernels, Tensor query, Tensor key, Tensor value)
    {
        var q = query.shape;
        var shape = new AttentionShape((int)q[0], (int)q[1], (int)q[2], (int)key.shape[2], (int)q[3]);
        using var result = TensorMemory.Empty(q[0], q[2], q[1], q[3]);
        var target = result.transpose(1, 2);
        kernels.Attend(shape, Tokens(query), Tokens(key), Tokens(value), Tokens(target));
        return target;
    }

    private static bool IsUsable(Tensor tokens) =>
        Gradients.IsKernelMemory(tokens) && tokens.numel() > 0 && tokens.stride(3) == 1;

    private static HeadTokens Tokens(Tensor tensor) =>
        new(TensorMemory.Floats(tensor), (nint)tensor.stride(0), (nint)tensor.stride(1), (nint)tensor.stride(2));
}
