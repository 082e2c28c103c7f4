using static TorchSharp.torch;

namespace LatentDiffusion.Tensors;

/// <summary>Chains of steps in which every result is needed by the next step alone.</summary>
internal static class TensorChain
{
    /// <summary>
    /// The result of <paramref name="step"/>, with the input released at once. A scope around the whole chain would keep
    /// all of its maps until the end; at 512x512 pixels that is gigabytes.
    /// </summary>
    public static Tensor Then(this Tensor input, Func<Tensor, Tensor> step)
    {
        using (input)
        {
            return step(input);
        }
    }
}
