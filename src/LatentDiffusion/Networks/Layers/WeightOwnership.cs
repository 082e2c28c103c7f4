using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>Makes a module the sole owner of its weights.</summary>
/// <remarks>
/// TorchSharp's layers leave second handles to their weights to the garbage collector, so constructors run in a dispose
/// scope that frees them; without this the scope, or one around the constructor, would free the weights as well.
/// </remarks>
internal static class WeightOwnership
{
    /// <summary>Takes all parameters and buffers of <paramref name="module"/> out of their dispose scopes.</summary>
    public static void OwnWeights(this nn.Module module)
    {
        foreach (var parameter in module.parameters())
        {
            parameter.DetachFromDisposeScope();
        }

        foreach (var buffer in module.buffers())
        {
            buffer.DetachFromDisposeScope();
        }
    }
}
