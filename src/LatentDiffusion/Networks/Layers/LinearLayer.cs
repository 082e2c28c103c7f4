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

    /// <summary>
    /// Lays the weights of layers that take the same input one after the other in memory, so that
    /// <see cref="ForwardJoined"/> can multiply by all of them at once. They stay separate parameters.
    /// </summary>
    /// <param name="layers">Layers without bias, with as many input channels.</param>
    internal static void Join(params ReadOnlySpan<LinearLayer> layers)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var joined = cat([.. layers.ToArray().Select(l => l._weight)]);
        var first = 0L;
        foreach (var layer in layers)
        {
            layer._weight.set_(joined.narrow(0, first, layer._weight.shape[0]));
            first += layer._weight.shape[0];
        }
    }

    /// <summary>The results of several layers for one input, in one product where their weights lie together.</summary>
    /// <param name="input">[..., input channels].</param>
    /// <param name="layers">Layers without bias.</param>
    /// <returns>For each layer [..., output channels].</returns>
    internal static Tensor[] ForwardJoined(Tensor input, params ReadOnlySpan<LinearLayer> layers)
    {
        var weights = layers.ToArray().Select(l => (Tensor)l._weight).ToArray();
        if (KernelSet.Current is not { } kernels || !LinearOperator.FitsJoined(input, weights))
        {
            return [.. layers.ToArray().Select(l => l.forward(input))];
        }

        using var scope = NewDisposeScope();
        var outputs = weights.Select(w => w.shape[0]).ToArray();
        MultiplyAddCounter.Add(input.numel() * outputs.Sum());
        var results = LinearOperator.ApplyJoined(kernels, input, weights).split(outputs, dim: -1);
        return [.. results.Select(r => r.MoveToOuterDisposeScope())];
    }

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
