using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The features that a <see cref="FeatureClassifier"/> has learned, as a fixed function: batch normalisation is folded
/// into the convolutions, weights have no gradients.
/// </summary>
public sealed class FeatureNetwork : ExplicitModule, IFeatureNetwork
{
    private readonly FeatureStem _stem;

    /// <summary>Takes a copy of a classifier's weights.</summary>
    /// <param name="classifier">The classifier; borrowed.</param>
    /// <param name="name">See <see cref="IFeatureNetwork.Name"/>.</param>
    public FeatureNetwork(FeatureClassifier classifier, string name)
        : base(nameof(FeatureNetwork))
    {
        ArgumentNullException.ThrowIfNull(classifier);
        using var scope = NewDisposeScope();
        Name = name;
        _stem = classifier.Stem.Folded();
        register_module("stages", _stem);
        this.OwnWeights();
        eval();
        foreach (var parameter in parameters())
        {
            parameter.requires_grad = false;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels => _stem.StageChannels;

    /// <inheritdoc/>
    public int EmbeddingSize => _stem.EmbeddingSize;

    /// <inheritdoc/>
    /// <remarks>Width and height are halved, rounded down, after every stage; the maps are not negative.</remarks>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images) => _stem.Stages(images);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public Tensor Embed(Tensor images) => _stem.Embed(images);
}
