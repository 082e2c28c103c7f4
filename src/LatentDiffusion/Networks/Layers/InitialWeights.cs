using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>PyTorch's default initial weights of convolutions and linear layers, drawn in its order.</summary>
internal static class InitialWeights
{
    [ThreadStatic]
    private static bool _leftOut;

    /// <summary>
    /// Builds a module on this thread whose weights are about to be read from a file: they are not drawn, and their memory
    /// is not touched. Every one of them must be filled.
    /// </summary>
    public static T LeaveOut<T>(Func<T> build)
    {
        var before = _leftOut;
        _leftOut = true;
        try
        {
            return build();
        }
        finally
        {
            _leftOut = before;
        }
    }

    /// <summary>A weight of the given shape [output, input, ...]: uniform with variance 1 / (3 fan-in).</summary>
    public static Parameter Weight(params long[] shape) =>
        nn.Parameter(
            _leftOut
                ? empty(shape, device: MetaDevice.Current)
                : nn.init.kaiming_uniform_(empty(shape, device: MetaDevice.Current), a: Math.Sqrt(5))
        );

    /// <summary>A bias for <paramref name="weight"/>: uniform within 1 / sqrt(fan-in).</summary>
    public static Parameter Bias(Tensor weight)
    {
        if (_leftOut)
        {
            return nn.Parameter(empty(weight.shape[0], device: MetaDevice.Current));
        }

        var fanIn = weight.numel() / weight.shape[0];
        var bound = 1 / Math.Sqrt(fanIn);
        return nn.Parameter(nn.init.uniform_(empty(weight.shape[0], device: MetaDevice.Current), -bound, bound));
    }
}
