using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// The tokens that a UNet's cross-attention looks at, with the keys and values its layers made of them. These are the same
/// at every sampling step, so they are computed once per context.
/// </summary>
/// <remarks>
/// Lives as long as the sampling of one batch: what it keeps belongs to the dispose scope of the tokens, and it does not
/// notice when weights change. While gradients are recorded nothing is kept.
/// </remarks>
public sealed class AttentionContext
{
    private readonly Dictionary<CrossAttention, (Tensor Keys, Tensor Values)>? _projections;

    /// <summary>Wraps tokens that will be used at many steps.</summary>
    /// <param name="tokens">[B, S, D]; borrowed.</param>
    public AttentionContext(Tensor tokens)
        : this(tokens, keeps: true) { }

    private AttentionContext(Tensor tokens, bool keeps)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Tokens = tokens;
        _projections = keeps ? [] : null;
    }

    /// <summary>[B, S, D].</summary>
    public Tensor Tokens { get; }

    /// <summary>Wraps tokens for one evaluation: nothing is kept.</summary>
    internal static AttentionContext? Once(Tensor? tokens) =>
        tokens is null ? null : new AttentionContext(tokens, keeps: false);

    /// <summary>The keys and values of a layer: from memory, or made now.</summary>
    internal (Tensor Keys, Tensor Values) Project(CrossAttention layer)
    {
        if (_projections is null || is_grad_enabled())
        {
            return layer.Project(Tokens);
        }

        if (!_projections.TryGetValue(layer, out var kept))
        {
            var (keys, values) = layer.Project(Tokens);
            kept = (Keep(keys), Keep(values));
            _projections.Add(layer, kept);
        }

        return kept;
    }

    private Tensor Keep(Tensor tensor) => tensor.MoveToOtherDisposeScope(Tokens);
}
