using System.ComponentModel;

namespace LatentDiffusion.Samplers;

/// <summary>How the levels that a sampler visits are spread over the schedule.</summary>
public enum Spacing
{
    /// <summary>Equal distances between whole timesteps from 1 up: the reference's, where the step count divides T.</summary>
    [Description("equal distances between timesteps, from 1 up")]
    Uniform,

    /// <summary>
    /// The reference's uniform timesteps 1, 1 + c, 1 + 2c, ... with c = T / S rounded down, for comparisons: more steps than
    /// asked for where S does not divide T, and none at all where the last one would be T.
    /// </summary>
    [Description("uniform with the reference's rounding, which may take more steps than asked for")]
    Reference,

    /// <summary>Squares of evenly spaced numbers, up to 0.8 T: more steps where there is little noise.</summary>
    [Description("quadratic: more steps where there is little noise")]
    Quad,

    /// <summary>Equal distances between whole timesteps down from the last one (Lin et al. 2023).</summary>
    [Description("equal distances between timesteps, from the last down")]
    Trailing,

    /// <summary>Evenly spaced in the noise-to-signal ratio's seventh root (Karras et al. 2022), between timesteps.</summary>
    [Description("even in the seventh root of noise / signal, between timesteps")]
    Karras,

    /// <summary>Evenly spaced in the logarithm of the signal-to-noise ratio, between timesteps.</summary>
    [Description("even in the logarithm of noise / signal, between timesteps")]
    Exponential,
}
