using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>A two-dimensional convolution with a square kernel, computed by our kernels where they are faster.</summary>
public sealed class ConvolutionLayer : ExplicitModule<Tensor, Tensor>
{
    private const int ChannelBlock = 16;

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

    /// <summary>[output], or null.</summary>
    public Parameter? Bias => _bias;

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
        var result =
            KernelSet.Current is { } kernels ? Compute(kernels, input, residual)
            : HasOddChannels ? Add(Plain(ChannelsLast.Arrange(input)).contiguous(), residual)
            : Add(Plain(input), residual);
        MultiplyAddCounter.Add(result.numel() * _weight.numel() / _weight.shape[0]);
        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Convolves and adds the result to a map that may be overwritten, where gradients allow it.</summary>
    /// <param name="input">[B, input channels, H, W].</param>
    /// <param name="sum">[B, output channels, H', W']; not to be read afterwards.</param>
    /// <returns>[B, output channels, H', W'].</returns>
    internal Tensor AddTo(Tensor input, Tensor sum)
    {
        if (KernelSet.Current is not { } kernels || !IsFast(kernels, input) || Gradients.Needed(input, _weight, sum))
        {
            return ForwardWithResidual(input, sum);
        }

        MultiplyAddCounter.Add(sum.numel() * _weight.numel() / _weight.shape[0]);
        return ConvolutionOperator.AddTo(kernels, input, _weight, _bias, sum);
    }

    /// <summary>Doubles height and width (nearest neighbour), then convolves.</summary>
    /// <param name="input">[B, input channels, H, W].</param>
    /// <returns>[B, output channels, 2H, 2W].</returns>
    internal Tensor ForwardEnlarged(Tensor input)
    {
        if (KernelSet.Current is not { } kernels || !IsFast(kernels, input) || Gradients.Needed(input, _weight))
        {
            using var larger = Layer.UpsampleNearest(input);
            return forward(larger);
        }

        var result = ConvolutionOperator.ApplyEnlarged(kernels, input, _weight, _bias);
        MultiplyAddCounter.Add(result.numel() * _weight.numel() / _weight.shape[0]);
        return result;
    }

    /// <summary>Convolves with other weights in the place of the layer's own, without the bias.</summary>
    /// <param name="input">[B, input channels, H, W].</param>
    /// <param name="weight">[output, input, kernel, kernel].</param>
    /// <returns>[B, output channels, H', W'].</returns>
    internal Tensor ForwardWith(Tensor input, Tensor weight)
    {
        using var arranged = ChannelsLast.Arrange(input);
        return nn.functional.conv2d(arranged, weight, strides: [_stride, _stride], padding: [_padding, _padding]);
    }

    // libtorch 2.10 reads uninitialised memory where NCHW maps have a number of channels that does not fill its blocks:
    // results or gradients are wrong or NaN, depending on what the memory held. Channels-last maps do not meet this.
    private bool HasOddChannels => _weight.shape[0] % ChannelBlock != 0 || _weight.shape[1] % ChannelBlock != 0;

    private bool IsFast(KernelSet kernels, Tensor input) =>
        _kernel == 3 && _stride == 1 && _padding == 1 && ConvolutionOperator.Fits(kernels, input, _weight);

    private Tensor Compute(KernelSet kernels, Tensor input, Tensor? residual)
    {
        if (IsFast(kernels, input))
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

    private static Tensor Add(Tensor result, Tensor? residual) =>
        residual is null ? result : Layer.AddOver(result, residual);
}
