using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>What a diffusion model is conditioned on, and how the condition reaches the UNet.</summary>
[ConfigKinds(typeof(ClassTokenConfig), typeof(ClassLabelConfig))]
public abstract record ConditionerConfig
{
    /// <summary>How often training replaces the condition by the null condition; guidance needs some, 0.1 is usual.</summary>
    [Description(
        "How often training replaces the condition by the null condition; classifier-free guidance needs some."
    )]
    [Minimum(0), Maximum(1)]
    public double DropProbability { get; init; } = 0.1;
}

/// <summary>The class as one learned token for cross-attention (the paper's class-conditional models).</summary>
[ConfigKind("class_token")]
public sealed record ClassTokenConfig : ConditionerConfig
{
    /// <summary>Channels of the token; the UNet's context_dim.</summary>
    [Description("Channels of the token; equals the UNet's context_dim.")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }
}

/// <summary>The class as a learned vector added to the timestep embedding.</summary>
[ConfigKind("class_label")]
public sealed record ClassLabelConfig : ConditionerConfig;
