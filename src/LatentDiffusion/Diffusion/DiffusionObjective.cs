using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>What the denoising network predicts.</summary>
public enum Parameterization
{
    /// <summary>The noise (epsilon).</summary>
    Eps,

    /// <summary>The clean latents.</summary>
    X0,

    /// <summary>The velocity sqrt(abar) eps - sqrt(1-abar) x_0 (Salimans and Ho 2022).</summary>
    V,
}

/// <summary>How a prediction's error is measured.</summary>
public enum LossType
{
    /// <summary>Absolute error.</summary>
    L1,

    /// <summary>Squared error.</summary>
    L2,
}

/// <summary>The training objective of the diffusion model (LDM equations 1 and 2).</summary>
public sealed record DiffusionObjectiveConfig
{
    /// <summary>Why noise cannot be predicted with a schedule of zero terminal SNR.</summary>
    internal const string NoiseAlone =
        "zero_terminal_snr leaves pure noise at the last step, where a prediction of it (parameterization: eps) says "
        + "nothing about the image: use v or x0";

    /// <summary>What the network predicts.</summary>
    [Description(
        "What the network predicts: the noise (eps), the clean latents (x0) or the velocity (v, Salimans and Ho 2022)."
    )]
    public Parameterization Parameterization { get; init; } = Parameterization.Eps;

    /// <summary>How its error is measured.</summary>
    [Description("How its error is measured.")]
    public LossType Loss { get; init; } = LossType.L2;

    /// <summary>Weight of the simple loss, in which all timesteps count alike.</summary>
    [Description("Weight of the simple loss, in which all timesteps count alike (l_simple_weight of the reference).")]
    [Minimum(0)]
    public double SimpleWeight { get; init; } = 1;

    /// <summary>Weight of the variational bound.</summary>
    [Description("Weight of the variational lower bound beside it (original_elbo_weight of the reference).")]
    [Minimum(0)]
    public double VlbWeight { get; init; }

    /// <summary>The first value of the log variance per timestep.</summary>
    [Description(
        "Log variance of the prediction at every timestep: the simple loss becomes loss / exp(logvar) + logvar."
    )]
    public double LogvarInit { get; init; }

    /// <summary>Whether the log variances are trained.</summary>
    [Description("Train the log variance of every timestep together with the network.")]
    public bool LearnLogvar { get; init; }

    /// <summary>The largest weight of the error of x_0 in the simple loss; null for no such weights.</summary>
    [Description(
        "Weigh the simple loss so that the error of x0 counts min(SNR, gamma) times (Hang et al. 2023, who use 5); all "
            + "timesteps count alike when absent."
    )]
    [Minimum(0, Exclusive = true)]
    public double? MinSnrGamma { get; init; }

    /// <summary>Strength of noise that is the same at all positions of a channel.</summary>
    [Description(
        "Strength of additional training noise that is the same at all positions of a channel, so that very dark and very "
            + "bright images are learned; 0.1 is usual."
    )]
    [Minimum(0)]
    public double OffsetNoise { get; init; }

    /// <summary>Whether the bound of a network that predicts x_0 has the reference's weights.</summary>
    [Description(
        "With parameterization x0, weigh the variational bound as the reference does, by a formula with a misplaced factor. "
            + "See docs/parity.md."
    )]
    public bool Parity { get; init; }

    /// <summary>Says why the objective cannot be used with a schedule, or null.</summary>
    internal string? ProblemWith(NoiseScheduleConfig schedule) =>
        schedule.ZeroTerminalSnr && Parameterization == Parameterization.Eps ? NoiseAlone : null;
}

/// <summary>The loss of a batch, scalars with their graph.</summary>
/// <param name="Total">What is minimised.</param>
/// <param name="Simple">The mean error, all timesteps counting alike.</param>
/// <param name="Vlb">The error weighed as in the variational bound.</param>
public sealed record DiffusionLoss(Tensor Total, Tensor Simple, Tensor Vlb);

/// <summary>Computes the diffusion loss. Its weights belong to it until it is disposed.</summary>
public sealed class DiffusionObjective : IDisposable
{
    private readonly DiffusionObjectiveConfig _config;
    private readonly DiffusionProcess _process;
    private readonly Tensor? _logVariances;
    private readonly Tensor _vlbWeights;
    private readonly Tensor? _simpleWeights;

    /// <summary>Computes the weights of all timesteps.</summary>
    /// <param name="config">Target, error measure, weights.</param>
    /// <param name="process">The forward process; borrowed.</param>
    /// <param name="logVariances">
    /// [T], the log variance of the prediction at every timestep, as it is learned; borrowed. Null for the configuration's
    /// constant.
    /// </param>
    /// <exception cref="ArgumentException">The schedule makes the target meaningless.</exception>
    public DiffusionObjective(DiffusionObjectiveConfig config, DiffusionProcess process, Tensor? logVariances = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(process);
        (_config, _process, _logVariances) = (config, process, logVariances);
        var (schedule, target) = (process.Schedule, config.Parameterization);
        _vlbWeights = TableOf(LossWeights.Vlb(schedule, target, config.Parity));
        _simpleWeights = config.MinSnrGamma is { } gamma ? TableOf(LossWeights.MinSnr(schedule, target, gamma)) : null;
    }

    /// <summary>Draws the noise to train with: standard normal, plus an offset per channel where configured.</summary>
    /// <param name="shape">[B, C, H, W].</param>
    /// <param name="generator">The random numbers' source.</param>
    public Tensor DrawNoise(long[] shape, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var noise = randn(shape, generator: generator);
        if (_config.OffsetNoise > 0)
        {
            using var offset = randn([shape[0], shape[1], 1, 1], generator: generator)
                .mul_(Scalars.Of(_config.OffsetNoise));
            noise.PlusInPlace(offset);
        }

        return noise;
    }

    /// <summary>What the network should have said.</summary>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="noise">The noise that was added, [B, C, H, W].</param>
    /// <returns>[B, C, H, W]; for eps and x0 the argument itself.</returns>
    public Tensor Target(Tensor start, Tensor timesteps, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (_config.Parameterization != Parameterization.V)
        {
            return _config.Parameterization == Parameterization.Eps ? noise : start;
        }

        using var opposite = start.neg();
        return _process.AddNoise(noise, timesteps, opposite);
    }

    /// <summary>The unweighted loss of each sample: the mean error over all latent elements.</summary>
    /// <param name="prediction">The network's output, [B, C, H, W].</param>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="noise">The noise that was added, [B, C, H, W].</param>
    /// <returns>[B].</returns>
    public Tensor LossPerSample(Tensor prediction, Tensor start, Tensor timesteps, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        using var scope = NewDisposeScope();
        var error = prediction.sub(Target(start, timesteps, noise));
        var measured = _config.Loss == LossType.L1 ? error.abs() : error.pow(Scalars.Of(2));
        return measured.mean([1, 2, 3]).MoveToOuterDisposeScope();
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="prediction">The network's output, [B, C, H, W].</param>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="noise">The noise that was added, [B, C, H, W].</param>
    /// <returns>Scalars that belong to the current dispose scope.</returns>
    public DiffusionLoss Loss(Tensor prediction, Tensor start, Tensor timesteps, Tensor noise)
    {
        var error = LossPerSample(prediction, start, timesteps, noise);
        var weighted = _simpleWeights is null ? error : error.mul(_simpleWeights.index_select(0, timesteps));
        var vlb = error.mul(_vlbWeights.index_select(0, timesteps)).mean();
        var total = WithVariance(weighted, timesteps).mean();
        if (_config.SimpleWeight != 1)
        {
            total = total.mul(Scalars.Of(_config.SimpleWeight));
        }

        if (_config.VlbWeight > 0)
        {
            total = total.Plus(vlb.mul(Scalars.Of(_config.VlbWeight)));
        }

        return new DiffusionLoss(total, error.mean(), vlb);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vlbWeights.Dispose();
        _simpleWeights?.Dispose();
    }

    private Tensor WithVariance(Tensor error, Tensor timesteps)
    {
        if (_logVariances is not null)
        {
            var logVariance = _logVariances.index_select(0, timesteps);
            return error.div(logVariance.exp()).Plus(logVariance);
        }

        var constant = _config.LogvarInit;
        return constant == 0 ? error : error.div(Scalars.Of(Math.Exp(constant))).add(Scalars.Of(constant));
    }

    private Tensor TableOf(IReadOnlyList<double> weights) =>
        tensor(weights.Select(w => (float)w).ToArray(), device: _process.Buffers["betas"].device)
            .DetachFromDisposeScope();
}
