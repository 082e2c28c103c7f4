using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>
/// CLIP's text transformer (Radford et al. 2021), the frozen text encoder of Stable Diffusion 1.x: causal attention, the
/// quick GELU x sigmoid(1.702 x), and as context the last layer's tokens behind the last layer norm. Its state-dict names
/// are those of Stable Diffusion's checkpoints below <c>cond_stage_model.</c>.
/// </summary>
public sealed class ClipTextTransformer : ExplicitModule, ITokenEncoder
{
    /// <summary>Before the names that CLIP's own files have, which begin with <c>text_model.</c>.</summary>
    public const string Prefix = "transformer.";

    private const double TokenDeviation = 0.02;
    private const double PositionDeviation = 0.01;

    private readonly TokenStack _stack;

    /// <summary>Builds the network with fresh weights; it is of use with trained ones only.</summary>
    /// <param name="vocabularySize">Number of different tokens.</param>
    /// <param name="length">The most tokens of a sequence.</param>
    /// <param name="width">Channels of the context tokens.</param>
    /// <param name="depth">Layers.</param>
    /// <param name="heads">Attention heads; a divisor of <paramref name="width"/>.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public ClipTextTransformer(int vocabularySize, int length, int width, int depth, int heads)
        : base(nameof(ClipTextTransformer))
    {
        if (width % heads != 0)
        {
            throw new ArgumentException($"{heads} attention heads do not divide the width {width}.");
        }

        using var scope = NewDisposeScope();
        Length = length;
        Width = width;
        _stack = new TokenStack(
            TokenStack.EmbeddingOf(vocabularySize, width, TokenDeviation),
            TokenStack.EmbeddingOf(length, width, PositionDeviation),
            [.. Enumerable.Range(0, depth).Select(_ => new ClipTextLayer(width, heads))],
            nn.LayerNorm(width, device: MetaDevice.Current)
        );
        var embeddings = new KeyGroup(("token_embedding", _stack.Tokens), ("position_embedding", _stack.Positions));
        var encoder = new KeyGroup(("layers", KeyGroup.List(_stack.Layers)));
        var model = new KeyGroup(("embeddings", embeddings), ("encoder", encoder), ("final_layer_norm", _stack.Norm));
        register_module("transformer", new KeyGroup(("text_model", model)));
        this.OwnWeights();
    }

    /// <summary>The most tokens of a sequence.</summary>
    public int Length { get; }

    /// <summary>Channels of the context tokens.</summary>
    public int Width { get; }

    /// <summary>Encodes token sequences.</summary>
    /// <param name="tokens">[B, S], int64; S at most <see cref="Length"/>.</param>
    /// <returns>[B, S, width].</returns>
    /// <exception cref="ArgumentException">The sequences are too long, or no matrix.</exception>
    public Tensor Forward(Tensor tokens) => _stack.Forward(tokens, Length);
}
