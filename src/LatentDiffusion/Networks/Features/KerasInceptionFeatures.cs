using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// Keras's InceptionV3, for the weights that the npm package nsfwjs ships. It is not the network of FID: the last block pools
/// averages, images are seen in [0, 1], and the weights are others.
/// </summary>
/// <remarks>
/// Images are resized to 299x299 bilinearly with the corners aligned, as the package does. Its weights were trained on for
/// telling five kinds of pictures apart, which left little else in the embedding: distances in it rank sets of images poorly.
/// </remarks>
public sealed class KerasInceptionFeatures : InceptionTrunk
{
    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public KerasInceptionFeatures()
        : base("keras-inception", endsInMaxima: false) { }

    private protected override Tensor Resized(Tensor images, int side) =>
        nn.functional.interpolate(images, [side, side], mode: InterpolationMode.Bilinear, align_corners: true);

    private protected override Tensor Scaled(Tensor images) =>
        images.add(Scalars.Of(1)).Then(x => x.mul(Scalars.Of(0.5)));
}
