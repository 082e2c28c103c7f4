using LatentDiffusion.Diffusion;
using LatentDiffusion.Progress;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Runs deterministic DDIM upwards: finds the noise that <see cref="DdimSampler"/> turns back into given latents, up to an error
/// that falls with the number of steps (Song et al. 2020, section 4.3; the reference's encode).
/// </summary>
public static class DdimInversion
{
    /// <summary>Encodes latents without gradients.</summary>
    /// <param name="denoiser">The model with its condition; strong guidance makes the way back less exact.</param>
    /// <param name="levels">The falling levels that DDIM will take back; their first is the one this leads to.</param>
    /// <param name="latents">Latents at the last level, [B, C, H, W]; borrowed.</param>
    /// <param name="first">The level of timestep 0, at which the model is asked about latents without noise.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>Latents at the first level, [B, C, H, W].</returns>
    public static Tensor Encode(
        IDenoiser denoiser,
        IReadOnlyList<NoiseLevel> levels,
        Tensor latents,
        NoiseLevel first,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(denoiser);
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentNullException.ThrowIfNull(latents);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var x = latents.clone();
        var steps = levels.Count - 1;
        for (var i = steps; i > 0; i--)
        {
            cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            using var previous = x;
            var (from, to) = (levels[i], levels[i - 1]);
            // No network was trained on latents without noise; its nearest level has some.
            var prediction = denoiser.Denoise(x, from.IsClean ? first : from);
            var clean = from.IsClean ? x : prediction.Clean;
            x = StepAlgebra.Mix(to.Signal, clean, to.Noise, prediction.Noise).MoveToOuterDisposeScope();
            progress?.Report(new StepProgress("encode", steps + 1 - i, steps));
        }

        return x.MoveToOuterDisposeScope();
    }
}
