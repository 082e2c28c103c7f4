using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>What a diffusion model is conditioned on, and how the condition reaches the UNet.</summary>
[ConfigKinds(
    typeof(ClassTokenConfig),
    typeof(ClassLabelConfig),
    typeof(TextTransformerConfig),
    typeof(ClipTextConfig),
    typeof(SuperResolutionConfig),
    typeof(InpaintingConfig),
    typeof(SemanticMapConfig),
    typeof(LayoutConfig),
    typeof(HybridConfig)
)]
public abstract record ConditionerConfig
{
    /// <summary>The single conditions that this one consists of, in order; at least one.</summary>
    public abstract IReadOnlyList<SingleConditionerConfig> Singles { get; }

    /// <summary>Channels of the context tokens, or null when there are none.</summary>
    public int? ContextDim => Singles.Select(single => single.TokenChannels).FirstOrDefault(d => d is not null);

    /// <summary>Channels that the UNet gets beside the latents.</summary>
    /// <param name="latentChannels">Channels of the first stage's latents.</param>
    public int ConcatenatedChannels(int latentChannels) => Singles.Sum(single => single.MapChannels(latentChannels));

    /// <summary>Whether images need a class.</summary>
    public bool UsesClasses => Singles.Any(single => single is ClassTokenConfig or ClassLabelConfig);

    /// <summary>Whether images need a caption.</summary>
    public bool UsesCaptions => Singles.Any(single => single is TextTransformerConfig or ClipTextConfig);

    /// <summary>Whether a part of the condition can only be shown as a picture.</summary>
    public bool UsesPictures =>
        Singles.Any(single => single is SuperResolutionConfig or InpaintingConfig or SemanticMapConfig or LayoutConfig);
}

/// <summary>A condition of one sort, with its own null value and its own probability of being dropped.</summary>
[ConfigKinds(
    typeof(ClassTokenConfig),
    typeof(ClassLabelConfig),
    typeof(TextTransformerConfig),
    typeof(ClipTextConfig),
    typeof(SuperResolutionConfig),
    typeof(InpaintingConfig),
    typeof(SemanticMapConfig),
    typeof(LayoutConfig)
)]
public abstract record SingleConditionerConfig : ConditionerConfig
{
    /// <summary>How often training replaces the condition by the null condition; guidance needs some, 0.1 is usual.</summary>
    [Description(
        "How often training replaces the condition by the null condition; classifier-free guidance needs some."
    )]
    [Minimum(0), Maximum(1)]
    public double DropProbability { get; init; } = 0.1;

    /// <inheritdoc/>
    public sealed override IReadOnlyList<SingleConditionerConfig> Singles => [this];

    /// <summary>Channels of the tokens that this condition adds to the context; null when it adds none.</summary>
    internal virtual int? TokenChannels => null;

    /// <summary>Channels that this condition adds to the latents.</summary>
    internal virtual int MapChannels(int latentChannels) => 0;
}

/// <summary>The class as one learned token for cross-attention (the paper's class-conditional models).</summary>
[ConfigKind("class_token")]
public sealed record ClassTokenConfig : SingleConditionerConfig, IConfigCheck
{
    /// <summary>Channels of the token; the UNet's context_dim.</summary>
    [Description("Channels of the token; equals the UNet's context_dim.")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }

    /// <summary>Whether there is one more token, which stands for no class.</summary>
    [Description("Whether there is one more token, for no class, which classifier-free guidance needs.")]
    public bool NullClass { get; init; } = true;

    internal override int? TokenChannels => EmbedDim;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (!NullClass && DropProbability > 0)
        {
            yield return new ConfigProblem(
                nameof(DropProbability),
                "must be 0 where there is no null_class to drop to"
            );
        }
    }
}

/// <summary>The class as a learned vector added to the timestep embedding.</summary>
[ConfigKind("class_label")]
public sealed record ClassLabelConfig : SingleConditionerConfig;

/// <summary>
/// Several conditions together: their tokens form one context, their channels join the latents, and each is dropped by
/// itself.
/// </summary>
[ConfigKind("hybrid")]
public sealed record HybridConfig : ConditionerConfig, IConfigCheck
{
    /// <summary>The conditions, at least two.</summary>
    [Description("The conditions, at least two; those with tokens have equal embed_dim.")]
    public required IReadOnlyList<SingleConditionerConfig> Parts { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<SingleConditionerConfig> Singles => Parts;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Parts.Count < 2)
        {
            yield return new ConfigProblem(nameof(Parts), "must have at least two entries");
        }

        if (Parts.Select(part => part.TokenChannels).OfType<int>().Distinct().Count() > 1)
        {
            yield return new ConfigProblem(nameof(Parts), "must have tokens of the same embed_dim");
        }

        if (Parts.Count(part => part is ClassLabelConfig) > 1)
        {
            yield return new ConfigProblem(nameof(Parts), "must have at most one class_label");
        }
    }
}
