using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Models.Features;

/// <summary>
/// Reads the networks of LPIPS from torchvision's state dicts ("features.0.weight"; classifying layers are not used) and
/// from those of LPIPS itself ("net.slice1.0.weight"), also inside the checkpoints of the reference's autoencoders
/// ("loss.perceptual_loss.net.slice1.0.weight"), and learned heads ("lin0.model.1.weight").
/// </summary>
internal static class LpipsReader
{
    private const string Torchvision = "features.";
    private const string FirstSlice = "net.slice1.0.weight";
    private const string FirstHead = "lin0.model.1.weight";

    /// <summary>The network whose weights the file holds, filled; null when it holds none that is known.</summary>
    public static LpipsNetwork? Read(TensorSource source)
    {
        var names = FileNames(source);
        if (Build(source, names) is not { } network)
        {
            return null;
        }

        try
        {
            var targets = ModuleState
                .Of(network)
                .Select(t => (Name: LpipsNetwork.TorchvisionName(t.Key), t.Value))
                .Where(t => t.Name is not null)
                .Select(t => (names.GetValueOrDefault(t.Name!, t.Name!), t.Value))
                .ToList();
            source.Fill(targets, names.Values, network.Name);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The learned heads in the file, filled; null when there are none.</summary>
    /// <param name="source">The file.</param>
    /// <param name="network">The network that they are for.</param>
    /// <exception cref="UserInputException">They are those of another network.</exception>
    public static PerceptualHeads? ReadHeads(TensorSource source, IFeatureNetwork network)
    {
        if (Prefix(source, FirstHead) is not { } prefix)
        {
            return null;
        }

        var heads = new PerceptualHeads(network.StageChannels);
        try
        {
            source.Fill(
                [.. ModuleState.Of(heads, prefix).Select(t => (t.Key, t.Value))],
                source.Shapes.Keys.Where(n =>
                    n.StartsWith(prefix + "lin", StringComparison.Ordinal)
                    && n.EndsWith(".model.1.weight", StringComparison.Ordinal)
                ),
                $"the heads for {network.Name}"
            );
            return heads;
        }
        catch
        {
            heads.Dispose();
            throw;
        }
    }

    // A tensor or two tell the networks apart from each other and from their relatives (vgg19, squeezenet1_0).
    private static LpipsNetwork? Build(TensorSource source, Dictionary<string, string> names)
    {
        return Has("features.17.weight", 512, 256, 3, 3) && names.ContainsKey("features.28.weight")
                ? new Vgg16Features()
            : Has("features.0.weight", 64, 3, 11, 11) ? new AlexNetFeatures()
            : Has("features.0.weight", 64, 3, 3, 3) && Has("features.3.squeeze.weight", 16, 64, 1, 1)
                ? new SqueezeNetFeatures()
            : null;

        bool Has(string name, params ReadOnlySpan<long> shape) =>
            names.TryGetValue(name, out var fileName) && source.Has(fileName, shape);
    }

    // From torchvision's names to the file's own.
    private static Dictionary<string, string> FileNames(TensorSource source) =>
        Prefix(source, FirstSlice) is { } prefix
            ? source
                .Shapes.Keys.Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
                .Select(n => (Torchvision: LpipsNetwork.TorchvisionName(n[prefix.Length..]), Name: n))
                .Where(n => n.Torchvision is not null)
                .ToDictionary(n => n.Torchvision!, n => n.Name)
            : source.Shapes.Keys.Where(n => n.StartsWith(Torchvision, StringComparison.Ordinal)).ToDictionary(n => n);

    // What stands before a name in the file, which may be nothing; null when no tensor has the name.
    private static string? Prefix(TensorSource source, string name) =>
        source.Shapes.Keys.FirstOrDefault(n => n == name || n.EndsWith("." + name, StringComparison.Ordinal))
            is { } found
            ? found[..^name.Length]
            : null;
}
