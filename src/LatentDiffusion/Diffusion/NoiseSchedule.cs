namespace LatentDiffusion.Diffusion;

/// <summary>
/// The numbers of a forward diffusion process q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I), for t = 0..T-1,
/// computed in double precision (LDM appendix B, DDPM).
/// </summary>
public sealed class NoiseSchedule
{
    private const double MaxBeta = 0.999;

    // Keeps the logarithm finite at t = 0, where the posterior variance is 0.
    private const double SmallestVariance = 1e-20;

    // Keeps what divides by abar finite where nothing of the signal is left. There x_0 cannot be told from the noise, so
    // that no value would be right; in single precision, 1e-20 still leaves room for products.
    private const double SmallestSignal = 1e-20;

    /// <summary>Computes all tables from the variances.</summary>
    /// <param name="betas">beta_t in (0, 1), one per timestep.</param>
    /// <param name="posteriorShare">
    /// Share of beta_t in <see cref="PosteriorVariance"/>, from 0 to 1 (the reference's v_posterior).
    /// </param>
    /// <exception cref="ArgumentException">There are no variances, or a number lies outside its range.</exception>
    public NoiseSchedule(IReadOnlyList<double> betas, double posteriorShare = 0)
        : this(Checked(betas), posteriorShare, endsInNoise: false) { }

    private NoiseSchedule(IReadOnlyList<double> betas, double posteriorShare, bool endsInNoise)
    {
        if (posteriorShare is not (>= 0 and <= 1))
        {
            throw new ArgumentException("The share of beta in the variance is from 0 to 1.", nameof(posteriorShare));
        }

        var alphasCumprod = new double[betas.Count];
        var product = 1.0;
        for (var t = 0; t < betas.Count; t++)
        {
            alphasCumprod[t] = product *= 1 - betas[t];
        }

        HasZeroTerminalSnr = endsInNoise;
        Betas = [.. betas];
        AlphasCumprod = alphasCumprod;
        AlphasCumprodPrevious = [1, .. alphasCumprod[..^1]];
        PosteriorVariance = Table(t =>
            (1 - posteriorShare) * Betas[t] * (1 - AlphasCumprodPrevious[t]) / (1 - AlphasCumprod[t])
            + posteriorShare * Betas[t]
        );
        PosteriorLogVarianceClipped = Table(t => Math.Log(Math.Max(PosteriorVariance[t], SmallestVariance)));
        PosteriorMeanStart = Table(t => Betas[t] * Math.Sqrt(AlphasCumprodPrevious[t]) / (1 - AlphasCumprod[t]));
        PosteriorMeanCurrent = Table(t =>
            (1 - AlphasCumprodPrevious[t]) * Math.Sqrt(1 - Betas[t]) / (1 - AlphasCumprod[t])
        );
    }

    /// <summary>The number of timesteps T.</summary>
    public int Timesteps => Betas.Count;

    /// <summary>beta_t, the variance added at step t.</summary>
    public IReadOnlyList<double> Betas { get; }

    /// <summary>abar_t, the product of all (1 - beta) up to t: the share of the signal's power left.</summary>
    public IReadOnlyList<double> AlphasCumprod { get; }

    /// <summary>abar_{t-1}, with 1 before the first step.</summary>
    public IReadOnlyList<double> AlphasCumprodPrevious { get; }

    /// <summary>
    /// The variance of a step of the reverse process: that of q(x_{t-1} | x_t, x_0), mixed with beta_t where asked for.
    /// </summary>
    public IReadOnlyList<double> PosteriorVariance { get; }

    /// <summary>
    /// Whether x_T is pure noise, abar_T = 0. Noise predicted there says nothing about x_0: the network must predict x_0
    /// or the velocity.
    /// </summary>
    public bool HasZeroTerminalSnr { get; }

    /// <summary>abar_t / (1 - abar_t), the ratio of signal to noise.</summary>
    public double SignalToNoise(int timestep) => AlphasCumprod[timestep] / (1 - AlphasCumprod[timestep]);

    /// <summary>Its logarithm, kept finite at t = 0.</summary>
    public IReadOnlyList<double> PosteriorLogVarianceClipped { get; }

    /// <summary>The weight of x_0 in the mean of q(x_{t-1} | x_t, x_0).</summary>
    public IReadOnlyList<double> PosteriorMeanStart { get; }

    /// <summary>The weight of x_t in the mean of q(x_{t-1} | x_t, x_0).</summary>
    public IReadOnlyList<double> PosteriorMeanCurrent { get; }

    /// <summary>Builds the schedule that a configuration describes.</summary>
    /// <exception cref="ArgumentException">Its variances make no schedule.</exception>
    public static NoiseSchedule Create(NoiseScheduleConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var betas = Checked([.. config.Betas ?? BetasOf(config)]);
        return config.ZeroTerminalSnr
            ? new NoiseSchedule(WithoutSignalAtTheEnd(betas), config.VPosterior, endsInNoise: true)
            : new NoiseSchedule(betas, config.VPosterior);
    }

    /// <summary>
    /// The tables under the names that published checkpoints store, except the two of the variational bound.
    /// </summary>
    public IEnumerable<(string Name, IReadOnlyList<double> Values)> NamedTables() =>
        [
            ("betas", Betas),
            ("alphas_cumprod", AlphasCumprod),
            ("alphas_cumprod_prev", AlphasCumprodPrevious),
            ("sqrt_alphas_cumprod", Table(t => Math.Sqrt(AlphasCumprod[t]))),
            ("sqrt_one_minus_alphas_cumprod", Table(t => Math.Sqrt(1 - AlphasCumprod[t]))),
            ("log_one_minus_alphas_cumprod", Table(t => Math.Log(1 - AlphasCumprod[t]))),
            ("sqrt_recip_alphas_cumprod", Table(t => Math.Sqrt(1 / Signal(t)))),
            ("sqrt_recipm1_alphas_cumprod", Table(t => Math.Sqrt(1 / Signal(t) - 1))),
            ("posterior_variance", PosteriorVariance),
            ("posterior_log_variance_clipped", PosteriorLogVarianceClipped),
            ("posterior_mean_coef1", PosteriorMeanStart),
            ("posterior_mean_coef2", PosteriorMeanCurrent),
        ];

    private static IEnumerable<double> BetasOf(NoiseScheduleConfig config)
    {
        var (start, end, count) = (config.LinearStart, config.LinearEnd, config.Timesteps);
        return config.Schedule switch
        {
            BetaSchedule.Linear => LinearSpace(Math.Sqrt(start), Math.Sqrt(end), count).Select(b => b * b),
            BetaSchedule.SqrtLinear => LinearSpace(start, end, count),
            BetaSchedule.Sqrt => LinearSpace(start, end, count).Select(Math.Sqrt),
            _ => CosineBetas(count, config.CosineS),
        };
    }

    private static IEnumerable<double> CosineBetas(int count, double offset)
    {
        double AlphaBar(int i)
        {
            var angle = ((double)i / count + offset) / (1 + offset) * Math.PI / 2;
            return Math.Cos(angle) * Math.Cos(angle);
        }

        return Enumerable.Range(0, count).Select(i => Math.Clamp(1 - AlphaBar(i + 1) / AlphaBar(i), 0, MaxBeta));
    }

    private static IEnumerable<double> LinearSpace(double start, double end, int count) =>
        Enumerable.Range(0, count).Select(i => count == 1 ? start : start + (end - start) * i / (count - 1));

    private static IReadOnlyList<double> Checked(IReadOnlyList<double> betas)
    {
        ArgumentNullException.ThrowIfNull(betas);
        return betas.Count > 0 && betas.All(b => b > 0 && b < 1)
            ? betas
            : throw new ArgumentException("A noise schedule needs variances between 0 and 1.", nameof(betas));
    }

    // Lin et al. 2023, algorithm 1: sqrt(abar) is shifted to 0 at the end and stretched back to its first value.
    private static double[] WithoutSignalAtTheEnd(IReadOnlyList<double> betas)
    {
        if (betas.Count < 2)
        {
            throw new ArgumentException("Zero terminal SNR needs a schedule of at least 2 steps.", nameof(betas));
        }

        var roots = new double[betas.Count];
        var product = 1.0;
        for (var t = 0; t < roots.Length; t++)
        {
            roots[t] = Math.Sqrt(product *= 1 - betas[t]);
        }

        var (first, last) = (roots[0], roots[^1]);
        var rescaled = roots.Select(root => (root - last) * first / (first - last)).Prepend(1).ToArray();
        return [.. rescaled.Skip(1).Zip(rescaled, (root, previous) => 1 - Math.Pow(root / previous, 2))];
    }

    private double Signal(int timestep) => Math.Max(AlphasCumprod[timestep], SmallestSignal);

    private double[] Table(Func<int, double> value) => [.. Enumerable.Range(0, Betas.Count).Select(value)];
}
