using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>Convolution, batch normalisation and ReLU, once or several times, at one resolution.</summary>
internal sealed class FeatureStage : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer[] _convolutions;
    private readonly BatchNormalization[] _norms;

    public FeatureStage(int inChannels, int channels, int convolutions)
        : base(nameof(FeatureStage))
    {
        // The normalisation's shift stands in for the convolution's bias.
        _convolutions =
        [
            .. Enumerable
                .Range(0, convolutions)
                .Select(i => new ConvolutionLayer(
                    i == 0 ? inChannels : channels,
                    channels,
                    kernel: 3,
                    padding: 1,
                    bias: false
                )),
        ];
        _norms = [.. _convolutions.Select(_ => new BatchNormalization(channels))];
        register_module("convs", KeyGroup.List(_convolutions));
        register_module("norms", KeyGroup.List(_norms));
    }

    /// <param name="input">[B, in, H, W].</param>
    /// <returns>[B, channels, H, W], not negative.</returns>
    public override Tensor forward(Tensor input)
    {
        var h = input.alias();
        foreach (var (convolution, norm) in _convolutions.Zip(_norms))
        {
            h = h.Then(convolution.forward).Then(norm.forward);
            h.relu_();
        }

        return h;
    }
}
