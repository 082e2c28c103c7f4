using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Diffusion;

/// <summary>The shape of the variances beta_1..beta_T of the forward process. The names are the reference's.</summary>
public enum BetaSchedule
{
    /// <summary>Linear in the square root of beta, then squared ("scaled linear" elsewhere).</summary>
    Linear,

    /// <summary>Linear in beta itself.</summary>
    SqrtLinear,

    /// <summary>From a squared cosine for the cumulative alphas, capped at 0.999.</summary>
    Cosine,

    /// <summary>The square root of values linear between start and end.</summary>
    Sqrt,
}

/// <summary>The noise schedule of the forward diffusion process.</summary>
public sealed record NoiseScheduleConfig
{
    /// <summary>The shape of the variances.</summary>
    [Description("The shape of the variances; 'linear' is linear in the square root of beta, as in the reference.")]
    public BetaSchedule Schedule { get; init; } = BetaSchedule.Linear;

    /// <summary>The number of diffusion steps T.</summary>
    [Description("The number of diffusion steps T.")]
    [Minimum(1)]
    public int Timesteps { get; init; } = 1000;

    /// <summary>The first variance.</summary>
    [Description("The first variance.")]
    [Minimum(0, Exclusive = true), Maximum(1, Exclusive = true)]
    public double LinearStart { get; init; } = 0.0015;

    /// <summary>The last variance.</summary>
    [Description("The last variance.")]
    [Minimum(0, Exclusive = true), Maximum(1, Exclusive = true)]
    public double LinearEnd { get; init; } = 0.0195;

    /// <summary>Offset of the cosine schedule.</summary>
    [Description("Offset of the cosine schedule.")]
    [Minimum(0)]
    public double CosineS { get; init; } = 8e-3;
}
