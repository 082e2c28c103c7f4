using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// Attention from a token sequence to another one (LDM section 3.3), or to itself when there is none.
/// </summary>
internal sealed class CrossAttention : ExplicitModule<Tensor, AttentionContext?, Tensor>
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
        if (contextChannels == queryChannels)
        {
            LinearLayer.Join(_query, _key, _value);
        }

        register_module("to_q", _query);
        register_module("to_k", _key);
        register_module("to_v", _value);
        register_module("to_out", new KeyGroup(("0", _output)));
    }

    /// <param name="x">[B, T, query channels].</param>
    /// <param name="context">[B, S, context channels], or null for self-attention.</param>
    /// <returns>[B, T, query channels].</returns>
    public override Tensor forward(Tensor x, AttentionContext? context)
    {
        using var scope = NewDisposeScope();
        var (query, keys, values) = context is null ? ProjectAll(x) : Project(x, context);
        var attended = Layer.Attention(query, keys, values);
        return attended
            .transpose(1, 2)
            .reshape(x.shape[0], x.shape[1], -1)
            .Then(_output.forward)
            .MoveToOuterDisposeScope();
    }

    private (Tensor Query, Tensor Keys, Tensor Values) ProjectAll(Tensor x)
    {
        var parts = LinearLayer.ForwardJoined(x, _query, _key, _value);
        return (SplitHeads(parts[0]), SplitHeads(parts[1]), SplitHeads(parts[2]));
    }

    private (Tensor Query, Tensor Keys, Tensor Values) Project(Tensor x, AttentionContext context)
    {
        var query = SplitHeads(_query.forward(x));
        var (keys, values) = context.Project(this);
        return (query, keys, values);
    }

    /// <summary>The keys and values of tokens.</summary>
    /// <param name="tokens">[B, S, context channels].</param>
    /// <returns>Two of [B, heads, S, head channels].</returns>
    internal (Tensor Keys, Tensor Values) Project(Tensor tokens) =>
        (SplitHeads(_key.forward(tokens)), SplitHeads(_value.forward(tokens)));

    private Tensor SplitHeads(Tensor tokens) =>
        tokens.reshape(tokens.shape[0], tokens.shape[1], _heads, -1).transpose(1, 2);
}
