using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>What a feature network says of a batch of images in one pass.</summary>
/// <param name="Embedding">One vector per image, [B, <see cref="IFeatureNetwork.EmbeddingSize"/>].</param>
/// <param name="Spatial">
/// Features that tell where things are, [B, <see cref="ISpatialFeatures.SpatialSize"/>]; null from a network without them.
/// </param>
/// <param name="Logits">
/// Logits of classes, [B, <see cref="IClassProbabilities.ClassCount"/>]; null from a network without classes.
/// </param>
public sealed record FeatureReading(Tensor Embedding, Tensor? Spatial = null, Tensor? Logits = null)
{
    /// <summary>Hands the tensors to the dispose scope around the current one.</summary>
    internal FeatureReading MoveToOuterDisposeScope()
    {
        Embedding.MoveToOuterDisposeScope();
        Spatial?.MoveToOuterDisposeScope();
        Logits?.MoveToOuterDisposeScope();
        return this;
    }
}
