using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>The first half of a layer of <see cref="TokenTransformer"/>: x + attention(norm(x)).</summary>
internal sealed class TokenAttention : ExplicitModule<Tensor, Tensor>
{
    // Whatever the width: x-transformers' defaults, which the published models keep.
    private const int Heads = 8;
    private const int HeadChannels = 64;

    private readonly LayerNorm _norm;
    private readonly LinearLayer _query;
    private readonly LinearLayer _key;
    private readonly LinearLayer _value;
    private readonly LinearLayer _output;

    public TokenAttention(int width)
        : base(nameof(TokenAttention))
    {
        const int Inner = Heads * HeadChannels;
        _norm = nn.LayerNorm(width, device: MetaDevice.Current);
        _query = new LinearLayer(width, Inner, bias: false);
        _key = new LinearLayer(width, Inner, bias: false);
        _value = new LinearLayer(width, Inner, bias: false);
        _output = new LinearLayer(Inner, width);
        LinearLayer.Join(_query, _key, _value);
        register_module("0", _norm);
        register_module("1", new KeyGroup(("to_q", _query), ("to_k", _key), ("to_v", _value), ("to_out", _output)));
    }

    /// <param name="input">[B, S, width].</param>
    /// <returns>[B, S, width].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var normed = _norm.forward(input);
        var parts = LinearLayer.ForwardJoined(normed, _query, _key, _value);
        return Layer
            .Attention(SplitHeads(parts[0]), SplitHeads(parts[1]), SplitHeads(parts[2]))
            .transpose(1, 2)
            .reshape(input.shape[0], input.shape[1], -1)
            .Then(_output.forward)
            .Then(branch => Layer.AddOver(branch, input))
            .MoveToOuterDisposeScope();
    }

    private static Tensor SplitHeads(Tensor tokens) =>
        tokens.reshape(tokens.shape[0], tokens.shape[1], Heads, HeadChannels).transpose(1, 2);
}
