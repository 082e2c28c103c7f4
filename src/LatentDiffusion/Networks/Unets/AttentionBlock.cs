using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Self-attention over all positions of a feature map, with a residual connection.</summary>
internal sealed class AttentionBlock : ExplicitModule<Tensor, Tensor>
{
    private readonly GroupNormalization _norm;
    private readonly LinearLayer _qkv;
    private readonly LinearLayer _projection;
    private readonly int _heads;
    private readonly bool _newOrder;

    /// <param name="channels">Channels of the map.</param>
    /// <param name="heads">Attention heads; divides <paramref name="channels"/>.</param>
    /// <param name="newOrder">
    /// True: the qkv channels are [3, heads, d]; false, as in most published weights: [heads, 3, d].
    /// </param>
    public AttentionBlock(int channels, int heads, bool newOrder)
        : base(nameof(AttentionBlock))
    {
        _heads = heads;
        _newOrder = newOrder;
        _norm = new GroupNormalization(channels, GroupNormalization.UnetEpsilon);
        _qkv = new LinearLayer(channels, 3 * channels, pointwise: true);
        _projection = Layer.ZeroInitialised(new LinearLayer(channels, channels, pointwise: true));
        register_module("norm", _norm);
        register_module("qkv", _qkv);
        register_module("proj_out", _projection);
    }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (batch, channels) = (input.shape[0], input.shape[1]);
        var pixels = ChannelsLast.Pixels(_norm.forward(input));
        var qkv = _qkv.forward(pixels.flatten(1, 2));
        var depth = channels / _heads;
        var split = _newOrder
            ? qkv.reshape(batch, -1, 3, _heads, depth).permute(2, 0, 3, 1, 4)
            : qkv.reshape(batch, -1, _heads, 3, depth).permute(3, 0, 2, 1, 4);
        var attended = Layer.Attention(split[0], split[1], split[2]);
        var joined = attended.transpose(1, 2).reshape(batch, -1, channels);
        var projected = _projection.forward(joined).reshape(pixels.shape);
        return input.Plus(Layer.MapOf(projected)).MoveToOuterDisposeScope();
    }
}
