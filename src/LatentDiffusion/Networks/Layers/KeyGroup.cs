using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>
/// A named group of modules without a computation of its own. The published state dicts number the members of
/// <c>nn.Sequential</c> containers ("in_layers.0", "in_layers.2"); this gives our modules the same names while their
/// forward passes stay explicit.
/// </summary>
internal sealed class KeyGroup : ExplicitModule
{
    public KeyGroup(params ReadOnlySpan<(string Key, nn.Module Module)> members)
        : base(nameof(KeyGroup))
    {
        foreach (var (key, module) in members)
        {
            register_module(key, module);
        }
    }

    /// <summary>A group whose members are named "0", "1", ...</summary>
    public static KeyGroup List(IEnumerable<nn.Module> members) =>
        new([.. members.Select((m, i) => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), m))]);
}
