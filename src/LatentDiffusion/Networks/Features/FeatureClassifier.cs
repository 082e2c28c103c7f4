using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A small image classifier in the manner of VGG (Simonyan and Zisserman 2015) with batch normalisation, as it is trained:
/// one stem, shared by a linear head for each set of classes. <see cref="FeatureNetwork"/> is what it is trained for.
/// </summary>
public sealed class FeatureClassifier : ExplicitModule
{
    private readonly LinearLayer[] _heads;

    /// <summary>Builds the network with PyTorch's default initial weights.</summary>
    /// <param name="config">The stages.</param>
    /// <param name="heads">The classifying layers; their names differ and hold no dot.</param>
    public FeatureClassifier(FeatureClassifierConfig config, IReadOnlyList<ClassifierHeadConfig> heads)
        : base(nameof(FeatureClassifier))
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(heads);
        using var scope = NewDisposeScope();
        Stem = new FeatureStem(config);
        _heads = [.. heads.Select(head => new LinearLayer(Stem.EmbeddingSize, head.Classes))];
        register_module("stages", Stem);
        register_module("heads", new KeyGroup([.. heads.Zip(_heads, (head, layer) => (head.Name, (nn.Module)layer))]));
        this.OwnWeights();
    }

    /// <summary>All but the heads.</summary>
    internal FeatureStem Stem { get; }

    /// <summary>The first of the heads.</summary>
    internal LinearLayer FirstHead => _heads[0];

    /// <summary>One vector per image: the means of the last stage's maps.</summary>
    /// <param name="images">[B, 3, H, W] in [-1, 1].</param>
    /// <returns>[B, channels of the last stage].</returns>
    public Tensor Embed(Tensor images) => Stem.Embed(images);

    /// <summary>Scores of a head's classes.</summary>
    /// <param name="embeddings">[B, channels of the last stage] from <see cref="Embed"/>.</param>
    /// <param name="head">The head's position in the constructor's list.</param>
    /// <returns>Logits [B, classes].</returns>
    public Tensor Classify(Tensor embeddings, int head) => _heads[head].forward(embeddings);
}
