using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A trained image network seen as a source of features: its maps compare two images (perceptual distance, LDM section
/// 3.1), its pooled vectors compare two sets of images (Frechet distance). Inference only; weights are never moved.
/// </summary>
public interface IFeatureNetwork : IDisposable
{
    /// <summary>Names the network beside every number made with it, such as "features" or "vgg16".</summary>
    string Name { get; }

    /// <summary>Channels of the maps that <see cref="Stages"/> returns, in order.</summary>
    IReadOnlyList<int> StageChannels { get; }

    /// <summary>Width of the vectors that <see cref="Embed"/> returns.</summary>
    int EmbeddingSize { get; }

    /// <summary>The network's maps, from fine to coarse; differentiable with respect to the images.</summary>
    /// <param name="images">[B, 3, H, W] in [-1, 1]; the network scales the range to what it was trained on.</param>
    /// <returns>[B, C, H', W'] each, owned by the caller's dispose scope.</returns>
    IReadOnlyList<Tensor> Stages(Tensor images);

    /// <summary>One vector per image: pooled features before the classifying layer.</summary>
    /// <param name="images">[B, 3, H, W] in [-1, 1].</param>
    /// <returns>[B, <see cref="EmbeddingSize"/>].</returns>
    Tensor Embed(Tensor images);

    /// <summary>The side in pixels that images are brought to before they are embedded; null: they are taken as they are.</summary>
    int? InputSize => null;

    /// <summary>The least side in pixels of images that <see cref="Stages"/> takes.</summary>
    int SmallestImage => 1;

    /// <summary>The least side in pixels of images that <see cref="Embed"/> and <see cref="Read"/> take.</summary>
    int SmallestEmbedded => InputSize is null ? SmallestImage : 1;

    /// <summary>Everything the network says of images, in one pass.</summary>
    /// <param name="images">[B, 3, H, W] in [-1, 1].</param>
    /// <returns>Owned by the caller's dispose scope; without the parts that the network does not have.</returns>
    FeatureReading Read(Tensor images) => new(Embed(images));
}
