using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>A layer of <see cref="ClipTextTransformer"/>: x + attention(norm(x)), then x + feed-forward(norm(x)).</summary>
internal sealed class ClipTextLayer : ExplicitModule<Tensor, Tensor>
{
    private const int Expansion = 4;
    private const double QuickGelu = 1.702;

    private readonly LayerNorm _attentionNorm;
    private readonly LinearLayer _query;
    private readonly LinearLayer _key;
    private readonly LinearLayer _value;
    private readonly LinearLayer _output;
    private readonly LayerNorm _forwardNorm;
    private readonly LinearLayer _expand;
    private readonly LinearLayer _contract;
    private readonly int _heads;

    public ClipTextLayer(int width, int heads)
        : base(nameof(ClipTextLayer))
    {
        _heads = heads;
        _attentionNorm = nn.LayerNorm(width, device: MetaDevice.Current);
        _query = new LinearLayer(width, width);
        _key = new LinearLayer(width, width);
        _value = new LinearLayer(width, width);
        _output = new LinearLayer(width, width);
        _forwardNorm = nn.LayerNorm(width, device: MetaDevice.Current);
        _expand = new LinearLayer(width, Expansion * width);
        _contract = new LinearLayer(Expansion * width, width);
        register_module(
            "self_attn",
            new KeyGroup(("k_proj", _key), ("v_proj", _value), ("q_proj", _query), ("out_proj", _output))
        );
        register_module("layer_norm1", _attentionNorm);
        register_module("mlp", new KeyGroup(("fc1", _expand), ("fc2", _contract)));
        register_module("layer_norm2", _forwardNorm);
    }

    /// <param name="input">[B, S, width].</param>
    /// <returns>[B, S, width].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = _attentionNorm.forward(input).Then(Attend).Then(branch => Layer.AddOver(branch, input));
        return _forwardNorm
            .forward(h)
            .Then(_expand.forward)
            .Then(Activate)
            .Then(_contract.forward)
            .Then(branch => Layer.AddOver(branch, h))
            .MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x)
    {
        using var scope = NewDisposeScope();
        return nn
            .functional.scaled_dot_product_attention(
                SplitHeads(_query.forward(x)),
                SplitHeads(_key.forward(x)),
                SplitHeads(_value.forward(x)),
                is_casual: true
            )
            .transpose(1, 2)
            .reshape(x.shape[0], x.shape[1], -1)
            .Then(_output.forward)
            .MoveToOuterDisposeScope();
    }

    private static Tensor Activate(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.mul(x.mul(Scalars.Of(QuickGelu)).sigmoid()).MoveToOuterDisposeScope();
    }

    private Tensor SplitHeads(Tensor tokens) =>
        tokens.reshape(tokens.shape[0], tokens.shape[1], _heads, -1).transpose(1, 2);
}
