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
public sealed record NoiseScheduleConfig : IConfigCheck
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

    /// <summary>The variances themselves, instead of a shape.</summary>
    [Description(
        "The variances themselves, one per step, instead of a shape; timesteps and the keys above then do nothing."
    )]
    [Minimum(0, Exclusive = true), Maximum(1, Exclusive = true)]
    public IReadOnlyList<double>? Betas { get; init; }

    /// <summary>Whether the last step is rescaled to pure noise (Lin et al. 2023).</summary>
    [Description(
        "Rescale the schedule so that nothing of the image is left at the last step (zero terminal SNR, Lin et al. 2023). "
            + "Not with objective.parameterization: eps, which could not be undone there."
    )]
    public bool ZeroTerminalSnr { get; init; }

    /// <summary>Share of beta_t in the reverse process' variance, the rest being the forward posterior's.</summary>
    [Description(
        "Variance of the reverse process: from that of the forward posterior (0) to beta itself (1). No step of training "
            + "depends on it, only sampling with noise and likelihoods."
    )]
    [Minimum(0), Maximum(1)]
    public double VPosterior { get; init; }

    /// <summary>The number of steps that the schedule has in the end.</summary>
    internal int Length => Betas?.Count ?? Timesteps;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Length == 0)
        {
            yield return new ConfigProblem(nameof(Betas), "must have at least one variance");
        }

        if (ZeroTerminalSnr && Length < 2)
        {
            yield return new ConfigProblem(nameof(ZeroTerminalSnr), "needs a schedule of at least 2 steps");
        }
    }
}
