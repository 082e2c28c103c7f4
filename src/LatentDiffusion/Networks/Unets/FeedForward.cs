using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>The transformer block's feed-forward network with a gated GELU: value (first half) times GELU(gate).</summary>
internal sealed class FeedForward : ExplicitModule<Tensor, Tensor>
{
    private const int Expansion = 4;

    private readonly LinearLayer _projection;
    private readonly LinearLayer _output;

    public FeedForward(int channels)
        : base(nameof(FeedForward))
    {
        _projection = new LinearLayer(channels, 2 * Expansion * channels);
        _output = new LinearLayer(Expansion * channels, channels);
        register_module("net", new KeyGroup(("0", new KeyGroup(("proj", _projection))), ("2", _output)));
    }

    /// <param name="input">[B, T, channels].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _projection.forward(input).Then(Gate).Then(_output.forward).MoveToOuterDisposeScope();
    }

    private static Tensor Gate(Tensor projected)
    {
        if (KernelSet.Current is { } kernels && GatedGeluOperator.Fits(kernels, projected))
        {
            return GatedGeluOperator.Apply(kernels, projected);
        }

        using var scope = NewDisposeScope();
        var halves = projected.chunk(2, dim: -1);
        return nn.functional.gelu(halves[1]).Then(gate => halves[0].mul(gate)).MoveToOuterDisposeScope();
    }
}
