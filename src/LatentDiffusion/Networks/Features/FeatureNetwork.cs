using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The features that a <see cref="FeatureClassifier"/> has learned, as a fixed function: batch normalisation is folded
/// into the convolutions, weights have no gradients. Its classes are those of the classifier's first head.
/// </summary>
public sealed class FeatureNetwork : ExplicitModule, ISpatialFeatures, IClassProbabilities
{
    private readonly FeatureStem _stem;

    // No part of the state dict: checkpoints of trainings hold the stages of the network that they measure with.
    private readonly LinearLayer _head;

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
        _head = CopyOf(classifier.FirstHead);
        register_module("stages", _stem);
        this.OwnWeights();
        eval();
        foreach (var parameter in parameters().Concat(_head.parameters()))
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
    public int SpatialSize => SpatialGrid.SizeFor(StageChannels);

    /// <inheritdoc/>
    public int ClassCount => (int)_head.Weight.shape[0];

    /// <inheritdoc/>
    public int SmallestImage => _stem.SmallestImage;

    /// <summary>What the classes are told apart by, which the state dict lacks.</summary>
    internal nn.Module Head => _head;

    /// <inheritdoc/>
    /// <remarks>Width and height are halved, rounded down, after every stage; the maps are not negative.</remarks>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images) => _stem.Stages(images);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public Tensor Embed(Tensor images) => _stem.Embed(images);

    /// <inheritdoc/>
    /// <remarks>
    /// Spatial features: 32 channels of the middle stage (of four, the second), averaged over a grid of 4x4.
    /// </remarks>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public FeatureReading Read(Tensor images)
    {
        using var scope = NewDisposeScope();
        var stages = Stages(images);
        var embedding = stages[^1].mean([2, 3]);
        return new FeatureReading(
            embedding,
            SpatialGrid.Of(stages),
            _head.forward(embedding)
        ).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _head.Dispose();
        }

        base.Dispose(disposing);
    }

    private static LinearLayer CopyOf(LinearLayer head)
    {
        using var noGradient = no_grad();
        var copy = new LinearLayer(head.Weight.shape[1], head.Weight.shape[0]);
        foreach (var (target, source) in copy.parameters().Zip(head.parameters()))
        {
            target.copy_(source);
        }

        return copy;
    }
}
