namespace LatentDiffusion.Diffusion;

/// <summary>
/// A place on the way from data to noise: x_t = <paramref name="Signal"/> x_0 + <paramref name="Noise"/> eps. Samplers
/// calculate with signal and noise; the timestep is what networks are told.
/// </summary>
/// <param name="Timestep">The timestep, a real number from 0 to T - 1; -1 before the first.</param>
/// <param name="Signal">sqrt(abar_t), from 0 to 1.</param>
/// <param name="Noise">sqrt(1 - abar_t), from 0 to 1.</param>
public readonly record struct NoiseLevel(double Timestep, double Signal, double Noise)
{
    /// <summary>No noise at all: x_0 itself.</summary>
    public static NoiseLevel Clean { get; } = new(-1, 1, 0);

    /// <summary>Whether there is no noise.</summary>
    public bool IsClean => Noise == 0;

    /// <summary>abar_t, the signal's share of the power.</summary>
    public double AlphaCumprod => Signal * Signal;

    /// <summary>The noise in units of the signal, from 0 to infinity (k-diffusion's sigma).</summary>
    public double Sigma => Noise / Signal;

    /// <summary>Half the logarithm of the signal-to-noise ratio (DPM-Solver's lambda); infinite at both ends.</summary>
    public double LogSnr => Math.Log(Signal / Noise);

    /// <summary>The level with a share of signal power.</summary>
    /// <param name="timestep">The timestep.</param>
    /// <param name="alphaCumprod">abar_t, from 0 to 1.</param>
    public static NoiseLevel FromAlphaCumprod(double timestep, double alphaCumprod) =>
        new(timestep, Math.Sqrt(alphaCumprod), Math.Sqrt(1 - alphaCumprod));

    /// <summary>The level of a log-SNR, which keeps its digits at both ends.</summary>
    /// <param name="timestep">The timestep.</param>
    /// <param name="logSnr">log(signal / noise).</param>
    public static NoiseLevel FromLogSnr(double timestep, double logSnr) =>
        new(timestep, Math.Sqrt(Sigmoid(2 * logSnr)), Math.Sqrt(Sigmoid(-2 * logSnr)));

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
