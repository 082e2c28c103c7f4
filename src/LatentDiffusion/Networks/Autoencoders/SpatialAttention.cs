using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Single-head self-attention over all positions, with a residual connection ("vanilla").</summary>
internal sealed class SpatialAttention : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _query;
    private readonly ConvolutionLayer _key;
    private readonly ConvolutionLayer _value;
    private readonly ConvolutionLayer _projection;

    public SpatialAttention(int channels, int groups)
        : base(nameof(SpatialAttention))
    {
        Norm = new GroupNormalization(channels, GroupNormalization.AutoencoderEpsilon, groups);
        _query = Layer.Convolution1x1(channels, channels);
        _key = Layer.Convolution1x1(channels, channels);
        _value = Layer.Convolution1x1(channels, channels);
        _projection = Layer.Convolution1x1(channels, channels);
        register_module("norm", Norm);
        register_module("q", _query);
        register_module("k", _key);
        register_module("v", _value);
        register_module("proj_out", _projection);
    }

    /// <summary>The normalisation of the input.</summary>
    public GroupNormalization Norm { get; }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var attended = Norm.forward(input)
            .Then(h => Layer.Attention(Tokens(_query, h), Tokens(_key, h), Tokens(_value, h)));
        var pixels = attended.reshape(input.shape[0], input.shape[2], input.shape[3], -1);
        return _projection.ForwardWithResidual(Layer.MapOf(pixels), input).MoveToOuterDisposeScope();
    }

    // [B, C, H, W] -> [B, 1 head, HW, C]
    private static Tensor Tokens(ConvolutionLayer convolution, Tensor h) =>
        ChannelsLast.Pixels(convolution.forward(h)).flatten(1, 2).unsqueeze(1);
}
