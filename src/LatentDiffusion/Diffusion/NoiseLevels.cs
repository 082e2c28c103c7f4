namespace LatentDiffusion.Diffusion;

/// <summary>
/// A noise schedule read as a function of a real timestep: between the table's entries the log-SNR is interpolated
/// linearly (as DPM-Solver does it for discrete-time models).
/// </summary>
/// <remarks>
/// Where the last entry has no signal at all (zero terminal SNR) its log-SNR is infinite, and the interval before it is
/// interpolated in the signal.
/// </remarks>
public sealed class NoiseLevels
{
    private readonly NoiseLevel[] _table;

    /// <summary>Reads the table.</summary>
    /// <param name="schedule">The noise schedule that the model was trained with.</param>
    public NoiseLevels(NoiseSchedule schedule)
        : this((schedule ?? throw new ArgumentNullException(nameof(schedule))).AlphasCumprod) { }

    /// <summary>Reads a table.</summary>
    /// <param name="alphasCumprod">abar_t, falling from below 1; the last may be 0.</param>
    public NoiseLevels(IReadOnlyList<double> alphasCumprod) =>
        _table = [.. alphasCumprod.Select((abar, t) => NoiseLevel.FromAlphaCumprod(t, abar))];

    /// <summary>The number of timesteps T.</summary>
    public int Timesteps => _table.Length;

    /// <summary>The level with the least noise, of timestep 0.</summary>
    public NoiseLevel First => _table[0];

    /// <summary>The level with the most noise, of timestep T - 1.</summary>
    public NoiseLevel Last => _table[^1];

    /// <summary>The level of a timestep.</summary>
    /// <param name="timestep">0 to T - 1; a whole number gives exactly the table's entry.</param>
    /// <exception cref="ArgumentOutOfRangeException">The timestep is outside the table.</exception>
    public NoiseLevel At(double timestep)
    {
        if (!(timestep >= 0 && timestep <= Timesteps - 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(timestep),
                timestep,
                $"Timesteps are from 0 to {Timesteps - 1}."
            );
        }

        var below = (int)timestep;
        var fraction = timestep - below;
        if (fraction == 0)
        {
            return _table[below];
        }

        var (a, b) = (_table[below], _table[below + 1]);
        if (b.Signal > 0)
        {
            return NoiseLevel.FromLogSnr(timestep, a.LogSnr + fraction * (b.LogSnr - a.LogSnr));
        }

        var signal = a.Signal * (1 - fraction);
        return new NoiseLevel(timestep, signal, Math.Sqrt(1 - signal * signal));
    }

    /// <summary>The level of a log-SNR, with its real timestep.</summary>
    /// <param name="logSnr">log(signal / noise); beyond the table's ends the level of that end is returned.</param>
    public NoiseLevel AtLogSnr(double logSnr)
    {
        if (!(logSnr < First.LogSnr))
        {
            return First;
        }

        if (!(logSnr > Last.LogSnr))
        {
            return Last;
        }

        // The first entry with less signal than asked for.
        var (low, high) = (0, Timesteps - 1);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = _table[middle].LogSnr > logSnr ? (middle, high) : (low, middle);
        }

        var (a, b) = (_table[low], _table[high]);
        if (b.Signal > 0)
        {
            return NoiseLevel.FromLogSnr(low + (a.LogSnr - logSnr) / (a.LogSnr - b.LogSnr), logSnr);
        }

        var level = NoiseLevel.FromLogSnr(0, logSnr);
        return level with { Timestep = low + 1 - level.Signal / a.Signal };
    }

    /// <summary>The level of a noise in units of the signal.</summary>
    /// <param name="sigma">noise / signal.</param>
    public NoiseLevel AtSigma(double sigma) => AtLogSnr(-Math.Log(sigma));
}
