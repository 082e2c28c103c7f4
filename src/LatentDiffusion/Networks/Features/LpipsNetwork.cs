using System.Globalization;
using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A torchvision network cut into slices, as the LPIPS authors use it. Its weights have their names: "net.slice1.0.weight"
/// is torchvision's "features.0.weight".
/// </summary>
/// <remarks>Weights are frozen. The embedding is the last stage's map averaged over its pixels.</remarks>
public abstract class LpipsNetwork : ExplicitModule, ISpatialFeatures
{
    private const string SlicePrefix = "net.slice";
    private readonly ScalingLayer _scaling = new();
    private readonly FeatureSlice[] _slices;
    private readonly int _minimumSize;

    private protected LpipsNetwork(string name, int minimumSize, params FeatureSlice[] slices)
        : base(name)
    {
        (Name, _minimumSize, _slices) = (name, minimumSize, slices);
        StageChannels = [.. slices.Select(s => s.Channels)];
        var net = new KeyGroup([
            .. slices.Select((s, i) => (string.Create(CultureInfo.InvariantCulture, $"slice{i + 1}"), (nn.Module)s)),
        ]);
        register_module("scaling_layer", _scaling);
        register_module("net", net);
        foreach (var parameter in parameters())
        {
            parameter.requires_grad_(false);
        }

        eval();
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels { get; }

    /// <inheritdoc/>
    public int EmbeddingSize => StageChannels[^1];

    /// <inheritdoc/>
    public int SpatialSize => SpatialGrid.SizeFor(StageChannels);

    /// <inheritdoc/>
    public int SmallestImage => _minimumSize;

    /// <summary>The name that torchvision gives a tensor; null for one that it does not have.</summary>
    /// <param name="name">A name of this module's state dict.</param>
    public static string? TorchvisionName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(SlicePrefix, StringComparison.Ordinal)
            ? "features" + name[name.IndexOf('.', SlicePrefix.Length)..]
            : null;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images have other than 3 channels or are too small to be pooled.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images)
    {
        CheckImages(images);
        var maps = new Tensor[_slices.Length];
        using var scaled = _scaling.forward(images);
        var map = scaled;
        for (var i = 0; i < maps.Length; i++)
        {
            maps[i] = map = _slices[i].forward(map);
        }

        return maps;
    }

    /// <inheritdoc/>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Stages(images)[^1].mean([2L, 3L]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>Spatial features: 32 channels of the third stage (squeezenet: the fourth), averaged over a grid of 4x4.</remarks>
    public FeatureReading Read(Tensor images)
    {
        using var scope = NewDisposeScope();
        var stages = Stages(images);
        return new FeatureReading(stages[^1].mean([2L, 3L]), SpatialGrid.Of(stages)).MoveToOuterDisposeScope();
    }

    private void CheckImages(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (
            images.dim() != 4
            || images.shape[1] != 3
            || images.shape[2] < _minimumSize
            || images.shape[3] < _minimumSize
        )
        {
            throw new ArgumentException(
                $"{Name} takes images [B, 3, H, W] of at least {_minimumSize} pixels a side, "
                    + $"not [{string.Join(", ", images.shape)}]."
            );
        }
    }
}
