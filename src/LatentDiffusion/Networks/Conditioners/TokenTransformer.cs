using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>
/// The transformer that turns token ids into context tokens for cross-attention (LDM section 4.3.1, appendix E.2.1):
/// layer norm before every block, a last one at the end. Every token sees every other one, padding included, as in the
/// published models. Its state-dict names are those of the published checkpoints below <c>cond_stage_model.</c>.
/// </summary>
public sealed class TokenTransformer : ExplicitModule, ITokenEncoder
{
    private const double EmbeddingDeviation = 0.02;

    private readonly TokenStack _stack;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="vocabularySize">Number of different tokens.</param>
    /// <param name="length">The most tokens of a sequence.</param>
    /// <param name="width">Channels of the context tokens.</param>
    /// <param name="depth">Layers, each of attention and feed-forward network.</param>
    public TokenTransformer(int vocabularySize, int length, int width, int depth)
        : base(nameof(TokenTransformer))
    {
        using var scope = NewDisposeScope();
        VocabularySize = vocabularySize;
        Length = length;
        Width = width;
        _stack = new TokenStack(
            TokenStack.EmbeddingOf(vocabularySize, width, EmbeddingDeviation),
            TokenStack.EmbeddingOf(length, width, EmbeddingDeviation),
            [
                .. Enumerable
                    .Range(0, 2 * depth)
                    .Select(
                        ExplicitModule<Tensor, Tensor> (i) =>
                            i % 2 == 0 ? new TokenAttention(width) : new TokenFeedForward(width)
                    ),
            ],
            nn.LayerNorm(width, device: MetaDevice.Current)
        );
        // Published checkpoints hold a language model's head, which conditioning never asks.
        var unused = new LinearLayer(width, vocabularySize);
        foreach (var parameter in unused.parameters())
        {
            parameter.requires_grad_(false);
        }

        register_module(
            "transformer",
            new KeyGroup(
                ("token_emb", _stack.Tokens),
                ("pos_emb", new KeyGroup(("emb", _stack.Positions))),
                ("attn_layers", new KeyGroup(("layers", KeyGroup.List(_stack.Layers)))),
                ("norm", _stack.Norm),
                ("to_logits", unused)
            )
        );
        this.OwnWeights();
    }

    /// <summary>Number of different tokens.</summary>
    public int VocabularySize { get; }

    /// <summary>The most tokens of a sequence.</summary>
    public int Length { get; }

    /// <summary>Channels of the context tokens.</summary>
    public int Width { get; }

    /// <summary>Encodes token sequences.</summary>
    /// <param name="tokens">[B, S], int64 from 0 to vocabulary size - 1; S at most <see cref="Length"/>.</param>
    /// <returns>[B, S, width].</returns>
    /// <exception cref="ArgumentException">The sequences are too long, or no matrix.</exception>
    public Tensor Forward(Tensor tokens) => _stack.Forward(tokens, Length);
}
