using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>The forward process and its posterior on tensors, with a timestep per sample of the batch.</summary>
/// <remarks>Coefficients are rounded to f32 before use, as the reference's buffers are.</remarks>
public sealed class DiffusionProcess : IDisposable
{
    private readonly Dictionary<string, Tensor> _tables;

    /// <summary>Puts the schedule's tables on a device.</summary>
    public DiffusionProcess(NoiseSchedule schedule, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Schedule = schedule;
        _tables = schedule
            .NamedTables()
            .ToDictionary(
                table => table.Name,
                table => tensor(table.Values.Select(v => (float)v).ToArray(), device: device).DetachFromDisposeScope()
            );
    }

    /// <summary>The schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>The schedule's buffers by their published names, each [T], f32.</summary>
    public IReadOnlyDictionary<string, Tensor> Buffers => _tables;

    /// <summary>Adds noise: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise.</summary>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="noise">Standard normal noise of the shape of <paramref name="start"/>.</param>
    public Tensor AddNoise(Tensor start, Tensor timesteps, Tensor noise) =>
        Combine(timesteps, "sqrt_alphas_cumprod", start, "sqrt_one_minus_alphas_cumprod", noise, sign: 1);

    /// <summary>Recovers x_0 from x_t and the noise in it.</summary>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="noise">The (predicted) noise, [B, C, H, W].</param>
    public Tensor PredictStart(Tensor noisy, Tensor timesteps, Tensor noise) =>
        Combine(timesteps, "sqrt_recip_alphas_cumprod", noisy, "sqrt_recipm1_alphas_cumprod", noise, sign: -1);

    /// <summary>Recovers the noise in x_t from x_t and (predicted) x_0.</summary>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="start">x_0, [B, C, H, W].</param>
    public Tensor PredictNoise(Tensor noisy, Tensor timesteps, Tensor start)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        using var scope = NewDisposeScope();
        var scaled = noisy.mul(At("sqrt_recip_alphas_cumprod", timesteps));
        return scaled.sub(start).div(At("sqrt_recipm1_alphas_cumprod", timesteps)).MoveToOuterDisposeScope();
    }

    /// <summary>The mean of q(x_{t-1} | x_t, x_0).</summary>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    public Tensor PosteriorMean(Tensor start, Tensor noisy, Tensor timesteps) =>
        Combine(timesteps, "posterior_mean_coef1", start, "posterior_mean_coef2", noisy, sign: 1);

    /// <summary>The variance of q(x_{t-1} | x_t, x_0) and its clipped logarithm, each [B, 1, 1, 1].</summary>
    public (Tensor Variance, Tensor LogVarianceClipped) PosteriorVariance(Tensor timesteps) =>
        (At("posterior_variance", timesteps), At("posterior_log_variance_clipped", timesteps));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in _tables.Values)
        {
            table.Dispose();
        }
    }

    private Tensor Combine(
        Tensor timesteps,
        string firstTable,
        Tensor first,
        string secondTable,
        Tensor second,
        int sign
    )
    {
        using var scope = NewDisposeScope();
        var scaled = At(firstTable, timesteps).mul(first);
        var other = At(secondTable, timesteps).mul(second);
        return (sign > 0 ? scaled.Plus(other) : scaled.sub(other)).MoveToOuterDisposeScope();
    }

    private Tensor At(string table, Tensor timesteps) => _tables[table].index_select(0, timesteps).reshape(-1, 1, 1, 1);
}
