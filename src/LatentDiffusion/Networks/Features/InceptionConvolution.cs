using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A convolution with a ReLU behind it, the building block of Inception: its kernel need not be square, and batch
/// normalisation is folded into it.
/// </summary>
internal sealed class InceptionConvolution : ExplicitModule<Tensor, Tensor>
{
    // The names let to() put the converted parameters into these fields.
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly long[] _strides;
    private readonly long[] _padding;

    /// <param name="input">Input channels.</param>
    /// <param name="output">Output channels.</param>
    /// <param name="height">Rows of the kernel.</param>
    /// <param name="width">Columns of the kernel.</param>
    /// <param name="stride">Pixels from one output to the next.</param>
    /// <param name="keepsSize">Whether zeros around the map make up for the kernel's extent.</param>
    public InceptionConvolution(long input, long output, int height, int width, int stride, bool keepsSize)
        : base(nameof(InceptionConvolution))
    {
        _strides = [stride, stride];
        _padding = keepsSize ? [height / 2, width / 2] : [0, 0];
        _weight = InitialWeights.Weight(output, input, height, width);
        _bias = InitialWeights.Bias(_weight);
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        this.OwnWeights();
    }

    /// <param name="input">[B, input channels, H, W].</param>
    /// <returns>[B, output channels, H', W'], not negative.</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        // libtorch 2.10 is wrong where NCHW maps have channels that do not fill its blocks, see ConvolutionLayer.
        var map = ChannelsLast.Arrange(input);
        var result = nn.functional.conv2d(map, _weight, _bias, strides: _strides, padding: _padding);
        MultiplyAddCounter.Add(result.numel() * _weight.numel() / _weight.shape[0]);
        return SliceStep.ReluOver(result).MoveToOuterDisposeScope();
    }
}
