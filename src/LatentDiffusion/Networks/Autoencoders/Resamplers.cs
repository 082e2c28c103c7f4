using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Halves the resolution with a strided 3x3 convolution, padded at the right and bottom only.</summary>
internal sealed class Downsample : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _convolution;

    public Downsample(int channels)
        : base(nameof(Downsample))
    {
        _convolution = new ConvolutionLayer(channels, channels, kernel: 3, stride: 2);
        register_module("conv", _convolution);
    }

    public override Tensor forward(Tensor input)
    {
        using var padded = nn.functional.pad(input, (0, 1, 0, 1));
        return _convolution.forward(padded);
    }
}

/// <summary>Doubles the resolution: nearest neighbour, then a 3x3 convolution.</summary>
internal sealed class Upsample : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _convolution;

    public Upsample(int channels)
        : base(nameof(Upsample))
    {
        _convolution = Layer.Convolution3x3(channels, channels);
        register_module("conv", _convolution);
    }

    public override Tensor forward(Tensor input) => _convolution.ForwardEnlarged(input);
}
