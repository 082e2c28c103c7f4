using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>x W^T + b, computed by our kernels where they are faster.</summary>
public sealed class LinearLayer : ExplicitModule<Tensor, Tensor>
{
    // The names let to() put the converted parameters into these fields.
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    /// <summary>Creates the layer with PyTorch's default initial weights.</summary>
    /// <param name="input">Channels that come in.</param>
    /// <param name="output">Channels that go out.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="pointwise">Whether the published weight is that of a 1D convolution, [output, input, 1].</param>
    public LinearLayer(long input, long output, bool bias = true, bool pointwise = false)
        : base(nameof(LinearLayer))
    {
        _weight = pointwise ? InitialWeights.Weight(output, input, 1) : InitialWeights.Weight(output, input);
        register_parameter("weight", _weight);
        if (bias)
        {
            _bias = InitialWeights.Bias(_weight);
            register_parameter("bias", _bias);
        }

        this.OwnWeights();
    }

    /// <summary>[output, input] or [output, input, 1].</summary>
    public Parameter Weight => _weight;

    /// <inheritdoc/>
    /// <param name="input">[..., input channels].</param>
    /// <returns>[..., output channels].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        MultiplyAddCounter.Add(input.numel() * _weight.shape[0]);
        var result =
            KernelSet.Current is { } kernels && LinearOperator.Fits(input, _weight)
                ? LinearOperator.Apply(kernels, input, _weight, _bias)
                : nn.functional.linear(input, _weight.dim() == 2 ? _weight : _weight.flatten(1), _bias);
        return result.MoveToOuterDisposeScope();
    }
}
