using LatentDiffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Single-head self-attention over all positions, with a residual connection ("vanilla").</summary>
internal sealed class SpatialAttention : ExplicitModule<Tensor, Tensor>
{
    private readonly GroupNormalization _norm;
    private readonly Conv2d _query;
    private readonly Conv2d _key;
    private readonly Conv2d _value;
    private readonly Conv2d _projection;

    public SpatialAttention(int channels)
        : base(nameof(SpatialAttention))
    {
        _norm = new GroupNormalization(channels, GroupNormalization.AutoencoderEpsilon);
        _query = Layer.Convolution1x1(channels, channels);
        _key = Layer.Convolution1x1(channels, channels);
        _value = Layer.Convolution1x1(channels, channels);
        _projection = Layer.Convolution1x1(channels, channels);
        register_module("norm", _norm);
        register_module("q", _query);
        register_module("k", _key);
        register_module("v", _value);
        register_module("proj_out", _projection);
    }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = _norm.forward(input);
        var attended = Layer.Attention(Tokens(_query, h), Tokens(_key, h), Tokens(_value, h));
        var map = attended.transpose(2, 3).reshape(input.shape);
        return input.add(_projection.forward(map)).MoveToOuterDisposeScope();
    }

    // [B, C, H, W] -> [B, 1 head, HW, C]
    private static Tensor Tokens(Conv2d convolution, Tensor h) =>
        convolution.forward(h).flatten(2).transpose(1, 2).unsqueeze(1);
}
