using LatentDiffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Self-attention over all positions of a feature map, with a residual connection.</summary>
internal sealed class AttentionBlock : ExplicitModule<Tensor, Tensor>
{
    private readonly GroupNormalization _norm;
    private readonly Conv1d _qkv;
    private readonly Conv1d _projection;
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
        _qkv = nn.Conv1d(channels, 3 * channels, 1);
        _projection = Layer.ZeroInitialised(nn.Conv1d(channels, channels, 1));
        register_module("norm", _norm);
        register_module("qkv", _qkv);
        register_module("proj_out", _projection);
    }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (batch, channels) = (input.shape[0], input.shape[1]);
        var x = input.reshape(batch, channels, -1);
        var qkv = _qkv.forward(_norm.forward(x));
        var depth = channels / _heads;
        var split = _newOrder
            ? qkv.reshape(batch, 3, _heads, depth, -1).permute(1, 0, 2, 4, 3)
            : qkv.reshape(batch, _heads, 3, depth, -1).permute(2, 0, 1, 4, 3);
        var attended = Layer.Attention(split[0], split[1], split[2]);
        var joined = attended.transpose(2, 3).reshape(batch, channels, -1);
        return x.add(_projection.forward(joined)).reshape(input.shape).MoveToOuterDisposeScope();
    }
}
