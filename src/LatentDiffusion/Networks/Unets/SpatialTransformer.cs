using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Runs transformer blocks over the positions of a feature map (LDM section 3.3, appendix E.2.1).</summary>
internal sealed class SpatialTransformer : ExplicitModule<Tensor, AttentionContext?, Tensor>
{
    private readonly GroupNormalization _norm;
    private readonly ConvolutionLayer _projectIn;
    private readonly TransformerBlock[] _blocks;
    private readonly ConvolutionLayer _projectOut;

    public SpatialTransformer(int channels, int heads, int depth, int? contextChannels)
        : base(nameof(SpatialTransformer))
    {
        var headChannels = channels / heads;
        var inner = heads * headChannels;
        _norm = new GroupNormalization(channels, GroupNormalization.AutoencoderEpsilon);
        _projectIn = Layer.Convolution1x1(channels, inner);
        _blocks =
        [
            .. Enumerable
                .Range(0, depth)
                .Select(_ => new TransformerBlock(inner, heads, headChannels, contextChannels)),
        ];
        _projectOut = Layer.ZeroInitialised(Layer.Convolution1x1(inner, channels));
        register_module("norm", _norm);
        register_module("proj_in", _projectIn);
        register_module("transformer_blocks", KeyGroup.List(_blocks));
        register_module("proj_out", _projectOut);
    }

    /// <param name="input">[B, C, H, W].</param>
    /// <param name="context">[B, S, context channels], or null.</param>
    public override Tensor forward(Tensor input, AttentionContext? context)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (input.shape[2], input.shape[3]);
        var x = _norm.forward(input).Then(_projectIn.forward).Then(ChannelsLast.Pixels).Then(p => p.flatten(1, 2));
        foreach (var block in _blocks)
        {
            x = x.Then(t => block.forward(t, context));
        }

        return x.Then(t => t.reshape(input.shape[0], height, width, -1))
            .Then(Layer.MapOf)
            .Then(map => _projectOut.ForwardWithResidual(map, input))
            .MoveToOuterDisposeScope();
    }
}
