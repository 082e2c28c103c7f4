using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>How the last step of the reverse process, p(x_0 | x_1), is scored.</summary>
public enum BoundDecoder
{
    /// <summary>A density of real numbers, as latents are. It may exceed 1, so that bits may be negative.</summary>
    Continuous,

    /// <summary>The probability of one of 256 levels, as pixels are (DDPM equation 13).</summary>
    Pixels,
}

/// <summary>A term of the bound for the samples of a batch.</summary>
/// <param name="Timesteps">The timestep it was measured at, per sample.</param>
/// <param name="Bits">Bits per dimension, per sample; the term stands for all timesteps of its block.</param>
public sealed record BoundTerm(IReadOnlyList<long> Timesteps, IReadOnlyList<double> Bits);

/// <summary>The parts of the bound for the samples of a batch, in bits per dimension.</summary>
/// <param name="Prior">L_T, what of x_0 is left at the last step.</param>
/// <param name="Divergences">L_1 to L_{T-1}.</param>
/// <param name="Decoder">L_0.</param>
public sealed record BoundParts(
    IReadOnlyList<double> Prior,
    IReadOnlyList<BoundTerm> Divergences,
    IReadOnlyList<double> Decoder
)
{
    /// <summary>The upper bound of each sample's negative log likelihood.</summary>
    public IReadOnlyList<double> Totals =>
        [.. Prior.Select((prior, i) => prior + Divergences.Sum(term => term.Bits[i]) + Decoder[i])];
}

/// <summary>
/// The variational bound on the negative log likelihood of x_0 (DDPM equation 5) in bits per dimension: the reverse process
/// has the schedule's <see cref="NoiseSchedule.PosteriorVariance"/>, and beta_0 in its last step.
/// </summary>
/// <param name="process">The forward process.</param>
/// <param name="predictStart">x_t [B, C, H, W] and timesteps [B] to the model's x_0.</param>
/// <param name="decoder">How the last step is scored.</param>
/// <param name="range">Pixels lie between minus this and this: the model's scale factor.</param>
public sealed class VariationalBound(
    DiffusionProcess process,
    Func<Tensor, Tensor, Tensor> predictStart,
    BoundDecoder decoder,
    double range = 1
)
{
    private const double HalfLevel = 1 / 255.0;

    // Beyond it a pixel is black or white, whose levels have no end.
    private const double LastLevel = 0.999;

    // The smallest probability whose logarithm is taken.
    private const double Impossible = 1e-300;

    private static readonly double BitsPerNat = 1 / Math.Log(2);

    /// <summary>KL(q(x_T | x_0) || N(0, 1)), the reference's prior_bpd.</summary>
    /// <param name="process">The forward process.</param>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <returns>[B], f64, bits per dimension.</returns>
    public static Tensor Prior(DiffusionProcess process, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(start);
        using var scope = NewDisposeScope();
        var abar = process.Schedule.AlphasCumprod[^1];
        // mean^2 + variance - 1 - log variance, with variance = 1 - abar.
        var terms = start
            .to(float64)
            .pow(Scalars.Of(2))
            .mul(Scalars.Of(abar))
            .add(Scalars.Of(-abar - Math.Log(1 - abar)));
        return terms.mean([1, 2, 3]).mul(Scalars.Of(0.5 * BitsPerNat)).MoveToOuterDisposeScope();
    }

    /// <summary>KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)) at a draw of x_t.</summary>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64, from 1 to T - 1.</param>
    /// <param name="noise">Standard normal, [B, C, H, W].</param>
    /// <returns>[B], f64, bits per dimension.</returns>
    public Tensor Divergence(Tensor start, Tensor timesteps, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(timesteps);
        using var scope = NewDisposeScope();
        var visited = timesteps.cpu().data<long>().ToArray();
        var error = Error(start, timesteps, noise).pow(Scalars.Of(2)).mean([1, 2, 3]);
        var scale = tensor(visited.Select(t => ErrorWeight((int)t)).ToArray(), device: error.device);
        var rest = tensor(visited.Select(t => VarianceMismatch((int)t)).ToArray(), device: error.device);
        return error.mul(scale).Plus(rest).mul(Scalars.Of(BitsPerNat)).MoveToOuterDisposeScope();
    }

    /// <summary>-log p(x_0 | x_1) at a draw of x_1.</summary>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="noise">Standard normal, [B, C, H, W].</param>
    /// <returns>[B], f64, bits per dimension.</returns>
    public Tensor Decoder(Tensor start, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(start);
        using var scope = NewDisposeScope();
        var first = zeros([start.shape[0]], dtype: int64, device: start.device);
        var error = Error(start, first, noise);
        var variance = process.Schedule.Betas[0];
        var nats =
            decoder == BoundDecoder.Continuous
                ? error
                    .pow(Scalars.Of(2))
                    .div(Scalars.Of(variance))
                    .add(Scalars.Of(Math.Log(2 * Math.PI * variance)))
                    .mul(Scalars.Of(0.5))
                : LevelLikelihood(start.to(float64), error, Math.Sqrt(variance)).log().neg();
        return nats.mean([1, 2, 3]).mul(Scalars.Of(BitsPerNat)).MoveToOuterDisposeScope();
    }

    /// <summary>Estimates all parts with one draw of noise for each term.</summary>
    /// <param name="start">x_0, [B, C, H, W]; of one of 256 levels each where the decoder is of pixels.</param>
    /// <param name="generator">The random numbers' source.</param>
    /// <param name="every">
    /// Timesteps per term: one of so many, drawn anew for each sample, stands for all of them. The estimate stays unbiased.
    /// </param>
    /// <param name="evaluated">Called after every evaluation of the network.</param>
    public BoundParts Estimate(Tensor start, Generator generator, int every = 1, Action? evaluated = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        using var inference = no_grad();
        List<BoundTerm> divergences = [];
        for (var first = 1; first < process.Schedule.Timesteps; first += every)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(every, process.Schedule.Timesteps - first);
            var timesteps = randint(first, first + length, [start.shape[0]], dtype: int64, generator: generator);
            var bits = Divergence(start, timesteps.to(start.device), Noise(start, generator)).mul(Scalars.Of(length));
            divergences.Add(new BoundTerm(timesteps.data<long>().ToArray(), Values(bits)));
            evaluated?.Invoke();
        }

        using var last = NewDisposeScope();
        var parts = new BoundParts(
            Values(Prior(process, start)),
            divergences,
            Values(Decoder(start, Noise(start, generator)))
        );
        evaluated?.Invoke();
        return parts;
    }

    /// <summary>How many network evaluations <see cref="Estimate"/> takes.</summary>
    /// <param name="timesteps">T.</param>
    /// <param name="every">Timesteps per term.</param>
    public static int Evaluations(int timesteps, int every) => (timesteps - 1 + every - 1) / every + 1;

    // x_0 less the model's, in f64.
    private Tensor Error(Tensor start, Tensor timesteps, Tensor noise)
    {
        using var scope = NewDisposeScope();
        var noisy = process.AddNoise(start, timesteps, noise);
        return start.to(float64).sub(predictStart(noisy, timesteps).to(float64)).MoveToOuterDisposeScope();
    }

    private double ErrorWeight(int t)
    {
        var schedule = process.Schedule;
        return Math.Pow(schedule.PosteriorMeanStart[t], 2) / (2 * schedule.PosteriorVariance[t]);
    }

    // 0 unless the reverse process was given another variance than the posterior's.
    private double VarianceMismatch(int t)
    {
        var schedule = process.Schedule;
        var posterior = schedule.Betas[t] * (1 - schedule.AlphasCumprodPrevious[t]) / (1 - schedule.AlphasCumprod[t]);
        var ratio = posterior / schedule.PosteriorVariance[t];
        return 0.5 * (ratio - 1 - Math.Log(ratio));
    }

    // The normal distribution's mass within half a level to either side.
    private Tensor LevelLikelihood(Tensor levels, Tensor error, double deviation)
    {
        var upper = error.add(Scalars.Of(HalfLevel * range)).div(Scalars.Of(deviation));
        var lower = error.sub(Scalars.Of(HalfLevel * range)).div(Scalars.Of(deviation));
        upper = upper.masked_fill(levels.gt(Scalars.Of(LastLevel * range)), Scalars.Of(double.PositiveInfinity));
        lower = lower.masked_fill(levels.lt(Scalars.Of(-LastLevel * range)), Scalars.Of(double.NegativeInfinity));
        // Far to the right of the mean both are nearly 1, and their difference nothing: there, look from the other side.
        var mirror = upper.Plus(lower).gt(Scalars.Of(0));
        var from = where(mirror, upper.neg(), lower);
        var to = where(mirror, lower.neg(), upper);
        return BelowNormal(to).sub(BelowNormal(from)).clamp_min(Scalars.Of(Impossible));
    }

    private static Tensor BelowNormal(Tensor x) => x.mul(Scalars.Of(-Math.Sqrt(0.5))).erfc().mul(Scalars.Of(0.5));

    private static Tensor Noise(Tensor start, Generator generator) =>
        randn(start.shape, generator: generator).to(start.device);

    private static double[] Values(Tensor bits) => bits.cpu().data<double>().ToArray();
}
