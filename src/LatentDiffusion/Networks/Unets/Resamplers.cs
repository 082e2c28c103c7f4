using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Halves the resolution: a strided 3x3 convolution padded on every side, or average pooling.</summary>
internal sealed class Downsample : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer? _convolution;

    public Downsample(int channels, bool useConvolution)
        : base(nameof(Downsample))
    {
        if (useConvolution)
        {
            _convolution = Layer.Convolution3x3(channels, channels, stride: 2);
            register_module("op", _convolution);
        }
    }

    public override Tensor forward(Tensor input) => _convolution?.forward(input) ?? Layer.AveragePool(input);
}

/// <summary>Doubles the resolution: nearest neighbour, then a 3x3 convolution if asked for.</summary>
internal sealed class Upsample : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer? _convolution;

    public Upsample(int channels, bool useConvolution)
        : base(nameof(Upsample))
    {
        if (useConvolution)
        {
            _convolution = Layer.Convolution3x3(channels, channels);
            register_module("conv", _convolution);
        }
    }

    public override Tensor forward(Tensor input) =>
        _convolution?.ForwardEnlarged(input) ?? Layer.UpsampleNearest(input);
}
