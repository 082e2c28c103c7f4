using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>The second half of a layer of <see cref="TokenTransformer"/>: x + feed-forward(norm(x)), with a GELU.</summary>
internal sealed class TokenFeedForward : ExplicitModule<Tensor, Tensor>
{
    private const int Expansion = 4;

    private readonly LayerNorm _norm;
    private readonly LinearLayer _expand;
    private readonly LinearLayer _contract;

    public TokenFeedForward(int width)
        : base(nameof(TokenFeedForward))
    {
        _norm = nn.LayerNorm(width, device: MetaDevice.Current);
        _expand = new LinearLayer(width, Expansion * width);
        _contract = new LinearLayer(Expansion * width, width);
        register_module("0", _norm);
        register_module(
            "1",
            new KeyGroup(("net", new KeyGroup(("0", new KeyGroup(("0", _expand))), ("2", _contract))))
        );
    }

    /// <param name="input">[B, S, width].</param>
    /// <returns>[B, S, width].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _norm
            .forward(input)
            .Then(_expand.forward)
            .Then(wide => nn.functional.gelu(wide))
            .Then(_contract.forward)
            .Then(branch => Layer.AddOver(branch, input))
            .MoveToOuterDisposeScope();
    }
}
