using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>What a custom operator must know about differentiation.</summary>
internal static class Gradients
{
    /// <summary>Whether a result of these tensors will be differentiated.</summary>
    public static bool Needed(params ReadOnlySpan<Tensor?> inputs)
    {
        if (!is_grad_enabled())
        {
            return false;
        }

        foreach (var input in inputs)
        {
            if (input is { requires_grad: true })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether kernels can work on the tensor at all.</summary>
    public static bool IsKernelMemory(Tensor tensor) =>
        tensor.device_type == TorchSharp.DeviceType.CPU && tensor.dtype == ScalarType.Float32;
}
