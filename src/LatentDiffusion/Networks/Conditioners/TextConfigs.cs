using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Text;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>A caption through a transformer that is trained together with the UNet (LDM section 4.3.1).</summary>
[ConfigKind("text_transformer")]
public sealed record TextTransformerConfig : SingleConditionerConfig
{
    /// <summary>How captions become tokens.</summary>
    [Description("How captions become tokens.")]
    public required TokenizerConfig Tokenizer { get; init; }

    /// <summary>Channels of the context tokens; the UNet's context_dim.</summary>
    [Description("Channels of the context tokens; equals the UNet's context_dim (1280 in the paper).")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }

    /// <summary>Layers of the transformer.</summary>
    [Description("Layers of the transformer (32 in the paper).")]
    [Minimum(1)]
    public required int Depth { get; init; }

    /// <summary>Tokens of a sequence, start and end included.</summary>
    [Description("Tokens of a sequence, start and end included; longer captions are cut.")]
    [Minimum(3)]
    public int MaxLength { get; init; } = 77;

    internal override int? TokenChannels => EmbedDim;
}

/// <summary>A caption through CLIP's text transformer, which is not trained further (Stable Diffusion 1.x).</summary>
[ConfigKind("clip_text")]
public sealed record ClipTextConfig : SingleConditionerConfig, IConfigCheck
{
    /// <summary>How captions become tokens.</summary>
    [Description("How captions become tokens; CLIP's tokenizer is clip_bpe.")]
    public required TokenizerConfig Tokenizer { get; init; }

    /// <summary>The trained weights, a file of a CLIP model or of a Stable Diffusion 1.x model.</summary>
    [Description("The trained weights: a file with tensors named text_model..., of CLIP or of Stable Diffusion 1.x.")]
    [ConfigPath]
    public required string Weights { get; init; }

    /// <summary>Channels of the context tokens; the UNet's context_dim.</summary>
    [Description("Channels of the context tokens; equals the UNet's context_dim.")]
    [Minimum(1)]
    public int EmbedDim { get; init; } = 768;

    /// <summary>Layers of the transformer.</summary>
    [Description("Layers of the transformer.")]
    [Minimum(1)]
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads.</summary>
    [Description("Attention heads of the transformer; a divisor of embed_dim.")]
    [Minimum(1)]
    public int Heads { get; init; } = 12;

    /// <summary>Tokens of a sequence, start and end included.</summary>
    [Description("Tokens of a sequence, start and end included; longer captions are cut.")]
    [Minimum(3)]
    public int MaxLength { get; init; } = 77;

    internal override int? TokenChannels => EmbedDim;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (EmbedDim % Heads != 0)
        {
            yield return new ConfigProblem(nameof(Heads), $"must be a divisor of embed_dim, {EmbedDim}");
        }
    }
}
