using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>
/// What the transformers over tokens have in common: embeddings of tokens and positions, layers, a last layer norm. The parts
/// belong to the network, which registers them under its published names.
/// </summary>
/// <param name="Tokens">Embeds tokens.</param>
/// <param name="Positions">Embeds positions.</param>
/// <param name="Layers">From [B, S, width] to the same.</param>
/// <param name="Norm">The last layer norm.</param>
internal sealed record TokenStack(
    Embedding Tokens,
    Embedding Positions,
    IReadOnlyList<ExplicitModule<Tensor, Tensor>> Layers,
    LayerNorm Norm
)
{
    /// <summary>Fresh embeddings.</summary>
    /// <param name="count">How many.</param>
    /// <param name="width">Channels of each.</param>
    /// <param name="deviation">Standard deviation of their values.</param>
    public static Embedding EmbeddingOf(int count, int width, double deviation)
    {
        var embedding = nn.Embedding(count, width, device: MetaDevice.Current);
        nn.init.normal_(embedding.weight!, 0, deviation);
        return embedding;
    }

    /// <summary>Encodes token sequences.</summary>
    /// <param name="tokens">[B, S], int64.</param>
    /// <param name="length">The most tokens of a sequence.</param>
    /// <returns>[B, S, width].</returns>
    /// <exception cref="ArgumentException">The sequences are too long, or no matrix.</exception>
    public Tensor Forward(Tensor tokens, int length)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.dim() != 2 || tokens.shape[1] > length)
        {
            throw new ArgumentException(
                $"The transformer takes [B, S] tokens, S at most {length}, not [{string.Join(", ", tokens.shape)}]."
            );
        }

        using var scope = NewDisposeScope();
        var positions = arange(
            Scalars.Of(0),
            Scalars.Of(tokens.shape[1]),
            Scalars.Of(1),
            dtype: int64,
            device: tokens.device
        );
        var x = Tokens.forward(tokens).Plus(Positions.forward(positions));
        foreach (var layer in Layers)
        {
            x = x.Then(layer.forward);
        }

        return x.Then(Norm.forward).MoveToOuterDisposeScope();
    }
}
