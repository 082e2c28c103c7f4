using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// Attention from a token sequence to another one (LDM section 3.3), or to itself when there is none.
/// </summary>
internal sealed class CrossAttention : ExplicitModule<Tensor, Tensor?, Tensor>
{
    private readonly LinearLayer _query;
    private readonly LinearLayer _key;
    private readonly LinearLayer _value;
    private readonly LinearLayer _output;
    private readonly int _heads;

    public CrossAttention(int queryChannels, int contextChannels, int heads, int headChannels)
        : base(nameof(CrossAttention))
    {
        var inner = heads * headChannels;
        _heads = heads;
        _query = new LinearLayer(queryChannels, inner, bias: false);
        _key = new LinearLayer(contextChannels, inner, bias: false);
        _value = new LinearLayer(contextChannels, inner, bias: false);
        _output = new LinearLayer(inner, queryChannels);
        register_module("to_q", _query);
        register_module("to_k", _key);
        register_module("to_v", _value);
        register_module("to_out", new KeyGroup(("0", _output)));
    }

    /// <param name="x">[B, T, query channels].</param>
    /// <param name="context">[B, S, context channels], or null for self-attention.</param>
    /// <returns>[B, T, query channels].</returns>
    public override Tensor forward(Tensor x, Tensor? context)
    {
        using var scope = NewDisposeScope();
        var source = context ?? x;
        var attended = Layer.Attention(
            SplitHeads(_query.forward(x)),
            SplitHeads(_key.forward(source)),
            SplitHeads(_value.forward(source))
        );
        return attended
            .transpose(1, 2)
            .reshape(x.shape[0], x.shape[1], -1)
            .Then(_output.forward)
            .MoveToOuterDisposeScope();
    }

    private Tensor SplitHeads(Tensor tokens) =>
        tokens.reshape(tokens.shape[0], tokens.shape[1], _heads, -1).transpose(1, 2);
}
