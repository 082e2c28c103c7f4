using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Detection;

/// <summary>A conditioner's network, as far as names and shapes tell.</summary>
public abstract record ConditionerShape
{
    // CLIP's heads have 64 channels in every size.
    private const int ClipHeadChannels = 64;

    private const string ClipRoot = "transformer.text_model.";

    private protected ConditionerShape() { }

    /// <summary>Builds the network with fresh weights; its names are those below <c>cond_stage_model.</c>.</summary>
    public abstract nn.Module Build();

    /// <summary>A learned token per class (ClassEmbedder).</summary>
    /// <param name="EmbedDim">Channels of the token.</param>
    /// <param name="Labels">Number of labels, a null label included where there is one.</param>
    public sealed record Classes(int EmbedDim, int Labels) : ConditionerShape
    {
        /// <inheritdoc/>
        public override nn.Module Build() => new ClassEmbedder(EmbedDim, Labels);
    }

    /// <summary>A transformer of tokens (BERTEmbedder, TransformerEmbedder).</summary>
    /// <param name="VocabularySize">Number of different tokens.</param>
    /// <param name="Length">Tokens of a sequence.</param>
    /// <param name="Width">Channels of the context tokens.</param>
    /// <param name="Depth">Layers.</param>
    public sealed record Tokens(int VocabularySize, int Length, int Width, int Depth) : ConditionerShape
    {
        /// <inheritdoc/>
        public override nn.Module Build() => new TokenTransformer(VocabularySize, Length, Width, Depth);
    }

    /// <summary>CLIP's text transformer (FrozenCLIPEmbedder).</summary>
    /// <param name="VocabularySize">Number of different tokens.</param>
    /// <param name="Length">Tokens of a sequence.</param>
    /// <param name="Width">Channels of the context tokens.</param>
    /// <param name="Depth">Layers.</param>
    /// <param name="Heads">Attention heads.</param>
    public sealed record Clip(int VocabularySize, int Length, int Width, int Depth, int Heads) : ConditionerShape
    {
        /// <inheritdoc/>
        public override nn.Module Build() => new ClipTextTransformer(VocabularySize, Length, Width, Depth, Heads);
    }

    /// <summary>A map whose channels are mixed (SpatialRescaler).</summary>
    /// <param name="InputChannels">Channels of the map.</param>
    /// <param name="OutputChannels">Channels beside the latents.</param>
    /// <param name="HasBias">Whether mixing adds a constant.</param>
    public sealed record Map(int InputChannels, int OutputChannels, bool HasBias) : ConditionerShape
    {
        /// <inheritdoc/>
        public override nn.Module Build() => new SpatialRescaler(0, InputChannels, OutputChannels, bias: HasBias);
    }

    /// <summary>The shape in a few words.</summary>
    internal static string InWords(ConditionerShape shape) =>
        shape switch
        {
            Classes c => FormattableString.Invariant($"{c.Labels} class labels as tokens of {c.EmbedDim} channels"),
            Tokens t => FormattableString.Invariant(
                $"transformer of {t.Depth} layers, {t.Width} channels, {t.Length} tokens of {t.VocabularySize} kinds"
            ),
            Clip c => FormattableString.Invariant(
                $"CLIP text transformer of {c.Depth} layers, {c.Width} channels, {c.Length} tokens"
            ),
            Map m => FormattableString.Invariant($"map of {m.InputChannels} channels mixed to {m.OutputChannels}"),
            _ => "unknown",
        };

    /// <returns>The shape; null where there is no conditioner, or none that is known.</returns>
    /// <param name="shapes">The tensors below <c>cond_stage_model.</c></param>
    internal static ConditionerShape? Detect(TensorShapes shapes)
    {
        if (
            shapes.Size("transformer.token_emb.weight", 0) is { } words
            && shapes.Size("transformer.token_emb.weight", 1) is { } width
            && shapes.Size("transformer.pos_emb.emb.weight", 0) is { } length
        )
        {
            return new Tokens(words, length, width, shapes.Count("transformer.attn_layers.layers") / 2);
        }

        if (
            shapes.Size($"{ClipRoot}embeddings.token_embedding.weight", 0) is { } pieces
            && shapes.Size($"{ClipRoot}embeddings.token_embedding.weight", 1) is { } clipWidth
            && shapes.Size($"{ClipRoot}embeddings.position_embedding.weight", 0) is { } positions
        )
        {
            var heads = clipWidth % ClipHeadChannels == 0 ? clipWidth / ClipHeadChannels : 1;
            return new Clip(pieces, positions, clipWidth, shapes.Count($"{ClipRoot}encoder.layers"), heads);
        }

        if (shapes.Size("embedding.weight", 0) is { } labels && shapes.Size("embedding.weight", 1) is { } dim)
        {
            return new Classes(dim, labels);
        }

        return
            shapes.Size("channel_mapper.weight", 0) is { } output
            && shapes.Size("channel_mapper.weight", 1) is { } input
            ? new Map(input, output, shapes.Has("channel_mapper.bias"))
            : null;
    }
}
