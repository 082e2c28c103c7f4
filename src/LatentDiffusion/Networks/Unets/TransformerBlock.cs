using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Self-attention, cross-attention to the context, feed-forward; each behind a layer norm, each residual.</summary>
internal sealed class TransformerBlock : ExplicitModule<Tensor, AttentionContext?, Tensor>
{
    private readonly CrossAttention _self;
    private readonly CrossAttention _cross;
    private readonly FeedForward _feedForward;
    private readonly LayerNorm _norm1;
    private readonly LayerNorm _norm2;
    private readonly LayerNorm _norm3;

    public TransformerBlock(int channels, int heads, int headChannels, int? contextChannels)
        : base(nameof(TransformerBlock))
    {
        _self = new CrossAttention(channels, channels, heads, headChannels);
        _feedForward = new FeedForward(channels);
        _cross = new CrossAttention(channels, contextChannels ?? channels, heads, headChannels);
        _norm1 = nn.LayerNorm(channels, device: MetaDevice.Current);
        _norm2 = nn.LayerNorm(channels, device: MetaDevice.Current);
        _norm3 = nn.LayerNorm(channels, device: MetaDevice.Current);
        register_module("attn1", _self);
        register_module("ff", _feedForward);
        register_module("attn2", _cross);
        register_module("norm1", _norm1);
        register_module("norm2", _norm2);
        register_module("norm3", _norm3);
    }

    /// <param name="x">[B, T, channels].</param>
    /// <param name="context">[B, S, context channels], or null.</param>
    public override Tensor forward(Tensor x, AttentionContext? context)
    {
        using var scope = NewDisposeScope();
        var h = Add(x, _norm1.forward(x).Then(n => _self.forward(n, null)));
        h = h.Then(t => Add(t, _norm2.forward(t).Then(n => _cross.forward(n, context))));
        return h.Then(t => Add(t, _norm3.forward(t).Then(_feedForward.forward))).MoveToOuterDisposeScope();
    }

    private static Tensor Add(Tensor x, Tensor branch) => branch.Then(b => Layer.AddOver(b, x));
}
