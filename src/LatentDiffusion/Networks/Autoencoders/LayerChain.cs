using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Computes all layers of an encoder or a decoder.</summary>
/// <param name="chain">The layers.</param>
/// <param name="input">[B, C, H, W].</param>
/// <returns>What the chain's forward method returns, or nearly so.</returns>
internal delegate Tensor LayerChainEvaluation(ILayerChain chain, Tensor input);

/// <summary>An encoder or a decoder as a chain of layers, each of which needs the last one's map alone.</summary>
internal interface ILayerChain
{
    /// <summary>Channels of the maps at the image's resolution, the largest ones.</summary>
    int Channels { get; }

    /// <summary>The layers up to <see cref="OutNorm"/>.</summary>
    IEnumerable<nn.Module<Tensor, Tensor>> Layers { get; }

    /// <summary>The last normalisation; SiLU follows.</summary>
    GroupNormalization OutNorm { get; }

    /// <summary>The last layer.</summary>
    ConvolutionLayer Out { get; }

    /// <summary>All of it at once.</summary>
    Tensor forward(Tensor input);
}
