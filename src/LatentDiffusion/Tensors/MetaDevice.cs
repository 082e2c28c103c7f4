using static TorchSharp.torch;

namespace LatentDiffusion.Tensors;

/// <summary>Builds modules whose tensors have shapes but no memory, to count and name the weights of large models.</summary>
/// <remarks>
/// TorchSharp has one default device per process, so while a module is being built, tensors that other threads make without
/// naming a device have no memory either. Build before work on other threads starts.
/// </remarks>
public static class MetaDevice
{
    private static readonly Lock OneAtATime = new();

    /// <summary>Runs <paramref name="build"/> with the meta device as the default for new tensors.</summary>
    /// <returns>The module; its parameters know their shapes and hold no data, so it cannot be run.</returns>
    public static T Build<T>(Func<T> build)
        where T : nn.Module
    {
        ArgumentNullException.ThrowIfNull(build);
        using var _ = OneAtATime.EnterScope();
        var previous = get_default_device();
        set_default_device(META);
        try
        {
            return build();
        }
        finally
        {
            set_default_device(previous);
        }
    }
}
