using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Resampling;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The network that the Frechet inception distance is defined with (Heusel et al. 2017): TensorFlow's InceptionV3 of
/// 2015-12-05. The protocol is that of torch-fidelity 0.3, which LDM measured with: the embedding are the 2,048 means of the
/// last map, logits are without the classifier's biases.
/// </summary>
/// <remarks>
/// <para>
/// Images of 8 bits are resized to 299x299 as TensorFlow 1 does (<see cref="UncentredBilinear"/>) and taken to
/// (v - 128) / 128. pytorch-fid resizes with centred grids instead, which moves FID a little; it is not offered.
/// </para>
/// <para>
/// It differs from torchvision's InceptionV3 in more than weights: averages count no pixels outside of the map, the last
/// block pools maxima, batch normalisation has epsilon 0.001, and there are 1,008 classes.
/// </para>
/// </remarks>
public sealed class InceptionFeatures : InceptionTrunk, ISpatialFeatures, IClassProbabilities
{
    /// <summary>Classes it tells apart; 1,000 of them are ImageNet's.</summary>
    public const int ClassCount = 1008;

    // sFID (Nash et al. 2021): 7 channels of TensorFlow's "mixed_6/conv", 17x17 pixels.
    private const string SpatialLayer = "Mixed_6d";
    private const int SpatialChannels = 7;
    private const int SpatialSide = 17;

    private readonly LinearLayer _classifier;

    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public InceptionFeatures()
        : base("inception", endsInMaxima: true)
    {
        _classifier = new LinearLayer(EmbeddingSize, ClassCount, bias: false);
        register_module("fc", _classifier);
        foreach (var parameter in _classifier.parameters())
        {
            parameter.requires_grad_(false);
        }
    }

    /// <inheritdoc/>
    public int SpatialSize => SpatialChannels * SpatialSide * SpatialSide;

    int IClassProbabilities.ClassCount => ClassCount;

    /// <inheritdoc/>
    /// <remarks>
    /// Spatial features are those of sFID: the first 7 channels of TensorFlow's "mixed_6/conv", which is branch1x1 of Mixed_6d,
    /// channel by channel (the original has them pixel by pixel; a Frechet distance does not depend on the order).
    /// </remarks>
    /// <exception cref="ArgumentException">The images have other than 3 channels.</exception>
    public override FeatureReading Read(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = MapsAfter(images, SpatialLayer, LastLayer);
        var embedding = maps[1].mean([2L, 3L]);
        // The block's result begins with the channels of branch1x1.
        var spatial = maps[0].narrow(1, 0, SpatialChannels).contiguous().flatten(1);
        return new FeatureReading(embedding, spatial, _classifier.forward(embedding)).MoveToOuterDisposeScope();
    }

    private protected override Tensor Resized(Tensor images, int side) => UncentredBilinear.Resize(images, side, side);

    // From [-1, 1], where 8 bits are v / 127.5 - 1, to (v - 128) / 128.
    private protected override Tensor Scaled(Tensor images) =>
        images.mul(Scalars.Of(127.5 / 128)).Then(x => x.add(Scalars.Of(-0.5 / 128)));
}
