using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>A two-dimensional convolution with a square kernel, computed by our kernels where they are faster.</summary>
public sealed class ConvolutionLayer : ExplicitModule<Tensor, Tensor>
{
    // The names let to() put the converted parameters into these fields.
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Creates the layer with PyTorch's default initial weights.</summary>
    /// <param name="input">Input channels.</param>
    /// <param name="output">Output channels.</param>
    /// <param name="kernel">Side of the kernel in pixels.</param>
    /// <param name="stride">Pixels from one output to the next.</param>
    /// <param name="padding">Zeros around the map.</param>
    /// <param name="bias">Whether there is a bias.</param>
    public ConvolutionLayer(long input, long output, int kernel, int stride = 1, int padding = 0, bool bias = true)
        : base(nameof(ConvolutionLayer))
    {
        (_kernel, _stride, _padding) = (kernel, stride, padding);
        _weight = InitialWeights.Weight(output, input, kernel, kernel);
        register_parameter("weight", _weight);
        if (bias)
        {
            _bias = InitialWeights.Bias(_weight);
            register_parameter("bias", _bias);
        }

        this.OwnWeights();
    }

    /// <summary>[output, input, kernel, kernel].</summary>
    public Parameter Weight => _weight;

    /// <inheritdoc/>
    /// <param name="input">[B, input channels, H, W].</param>
    /// <returns>[B, output channels, H', W'].</returns>
    public override Tensor forward(Tensor input) => ForwardWithResidual(input, null);

    /// <summary>Convolves and adds a map of the result's shape, in one pass over memory where possible.</summary>
    /// <param name="input">[B, input channels, H, W].</param>
    /// <param name="residual">[B, output channels, H', W'], or null.</param>
    /// <returns>[B, output channels, H', W'].</returns>
    public Tensor ForwardWithResidual(Tensor input, Tensor? residual)
    {
        using var scope = NewDisposeScope();
        var result = KernelSet.Current is { } kernels ? Compute(kernels, input, residual) : Add(Plain(input), residual);
        MultiplyAddCounter.Add(result.numel() * _weight.numel() / _weight.shape[0]);
        return result.MoveToOuterDisposeScope();
    }

    private Tensor Compute(KernelSet kernels, Tensor input, Tensor? residual)
    {
        if (_kernel == 3 && _stride == 1 && _padding == 1 && ConvolutionOperator.Fits(kernels, input, _weight))
        {
            return ConvolutionOperator.Apply(kernels, input, _weight, _bias, residual);
        }

        if (_kernel == 1 && _stride == 1 && _padding == 0 && LinearOperator.Fits(input, _weight))
        {
            var product = LinearOperator.Apply(kernels, ChannelsLast.Pixels(input), _weight, _bias);
            return Add(ChannelsLast.Map(product), residual);
        }

        return Add(Plain(ChannelsLast.Arrange(input)), residual);
    }

    private Tensor Plain(Tensor input) =>
        nn.functional.conv2d(input, _weight, _bias, strides: [_stride, _stride], padding: [_padding, _padding]);

    private static Tensor Add(Tensor result, Tensor? residual) => residual is null ? result : result.add(residual);
}
