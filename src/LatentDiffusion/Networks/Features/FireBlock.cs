using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>SqueezeNet's "fire" (Iandola et al. 2016): few channels by 1x1, then many by 1x1 and by 3x3 side by side.</summary>
internal sealed class FireBlock : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _squeeze;
    private readonly ConvolutionLayer _expand1;
    private readonly ConvolutionLayer _expand3;

    public FireBlock(int input, int squeezed, int expanded)
        : base(nameof(FireBlock))
    {
        _squeeze = Layer.Convolution1x1(input, squeezed);
        _expand1 = Layer.Convolution1x1(squeezed, expanded);
        _expand3 = Layer.Convolution3x3(squeezed, expanded);
        register_module("squeeze", _squeeze);
        register_module("expand1x1", _expand1);
        register_module("expand3x3", _expand3);
    }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var squeezed = _squeeze.forward(input).Then(SliceStep.ReluOver);
        return cat([_expand1.forward(squeezed), _expand3.forward(squeezed)], 1)
            .Then(SliceStep.ReluOver)
            .MoveToOuterDisposeScope();
    }
}
