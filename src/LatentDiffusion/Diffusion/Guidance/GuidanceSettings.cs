namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>The timesteps in which guidance acts (Kynkaanniemi et al. 2024).</summary>
/// <param name="From">The lowest timestep, itself included.</param>
/// <param name="To">The highest timestep, itself included.</param>
public sealed record GuidanceInterval(double From, double To)
{
    /// <summary>Whether guidance acts at a level.</summary>
    public bool Contains(NoiseLevel level) => level.Timestep >= From && level.Timestep <= To;
}

/// <summary>How strongly, how and when classifier-free guidance acts.</summary>
/// <param name="Scale">The guidance scale s; 1 is the plain conditional model, 0 the unconditional one.</param>
/// <param name="Rescale">
/// The share phi, 0 to 1, of the guided prediction that is brought back to the conditional one's standard deviation
/// (Lin et al. 2023, section 3.4).
/// </param>
/// <param name="Interval">Where guidance acts; null is everywhere. Elsewhere the plain conditional model samples.</param>
public sealed record GuidanceSettings(double Scale, double Rescale = 0, GuidanceInterval? Interval = null);
