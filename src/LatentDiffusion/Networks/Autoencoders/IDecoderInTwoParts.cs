using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>
/// A decoder whose last layer can be run on its own: adversarial training weighs its losses by their gradients there (LDM
/// appendix G, after Esser et al. 2021).
/// </summary>
internal interface IDecoderInTwoParts
{
    /// <summary>The last layer, features to images.</summary>
    ConvolutionLayer LastLayer { get; }

    /// <summary>All of the decoder before its last layer.</summary>
    /// <param name="latents">[B, latent channels, h, w]; of a VQ autoencoder already quantised.</param>
    /// <returns>[B, channels, h f, w f].</returns>
    Tensor DecodeToFeatures(Tensor latents);
}
