using static TorchSharp.torch;

namespace LatentDiffusion.Tensors;

/// <summary>Builds modules whose tensors have shapes but no memory, to count and name the weights of large models.</summary>
/// <remarks>
/// TorchSharp's default device is one for the whole process, so other threads would make tensors without memory too. Layers
/// therefore make their weights on <see cref="Current"/>, which belongs to the thread that builds.
/// </remarks>
public static class MetaDevice
{
    [ThreadStatic]
    private static bool _isBuilding;

    /// <summary>Where layers make their weights: the meta device while one is built for its shapes, null otherwise.</summary>
    internal static Device? Current => _isBuilding ? META : null;

    /// <summary>Runs <paramref name="build"/> with weights on the meta device.</summary>
    /// <returns>The module; its parameters know their shapes and hold no data, so it cannot be run.</returns>
    public static T Build<T>(Func<T> build)
        where T : nn.Module
    {
        ArgumentNullException.ThrowIfNull(build);
        var before = _isBuilding;
        _isBuilding = true;
        try
        {
            return build();
        }
        finally
        {
            _isBuilding = before;
        }
    }
}
