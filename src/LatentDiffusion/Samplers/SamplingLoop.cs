using LatentDiffusion.Diffusion;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// The way from noise to latents, the same for every sampler: it asks the sampler for one step after the other, blends in
/// what is known, reports, stops when asked to, and frees memory.
/// </summary>
public static class SamplingLoop
{
    /// <summary>Samples without gradients.</summary>
    /// <param name="sampler">The step rule.</param>
    /// <param name="denoiser">The model with its condition and guidance.</param>
    /// <param name="levels">Falling levels, see <see cref="SamplingLevels"/>: a step from each to the next.</param>
    /// <param name="start">Latents at the first level, [B, C, H, W]; borrowed.</param>
    /// <param name="noise">Fresh standard normal noise, [B, C, H, W] per call; disposed after use. Not called by deterministic samplers.</param>
    /// <param name="options">Masks, temperature, intermediates, progress.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>Latents at the last level, [B, C, H, W].</returns>
    public static Tensor Run(
        ISampler sampler,
        IDenoiser denoiser,
        IReadOnlyList<NoiseLevel> levels,
        Tensor start,
        Func<Tensor> noise,
        SamplingOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentNullException.ThrowIfNull(denoiser);
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(noise);
        options ??= new SamplingOptions();
        CheckFalling(levels);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        using var run = sampler.Begin();
        var source = new ShapedNoise(noise, start, options);
        var x = start.clone();
        var steps = levels.Count - 1;
        for (var i = 0; i < steps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            using var previous = x;
            var (from, remaining) = (levels[i], steps - 1 - i);
            var result = run.Step(
                new SamplingStep(denoiser, source.ForSampler)
                {
                    Noisy = sampler.BlendsAfterStep ? x : Blend(x, from),
                    From = from,
                    To = levels[i + 1],
                    Remaining = remaining,
                }
            );
            if (sampler.BlendsAfterStep)
            {
                result = result with { Next = Blend(result.Next, from) };
            }

            options.Intermediates?.Record(i == 0, remaining, result);
            x = result.Next.MoveToOuterDisposeScope();
            options.Progress?.Report(new StepProgress("sample", i + 1, steps));
        }

        return (options.Known is { Paste: true } known ? Mixed(known, known.Known, x) : x).MoveToOuterDisposeScope();

        Tensor Blend(Tensor latents, NoiseLevel level)
        {
            if (options.Known is not { } known)
            {
                return latents;
            }

            using var inner = NewDisposeScope();
            var seen = Noising.AddNoise(known.Known, level, source.ForKnown());
            return Mixed(known, seen, latents).MoveToOuterDisposeScope();
        }
    }

    private static Tensor Mixed(KnownLatents known, Tensor inside, Tensor outside)
    {
        using var scope = NewDisposeScope();
        return inside.mul(known.Keep).Plus(outside.mul(known.Keep.neg().add(Scalars.Of(1)))).MoveToOuterDisposeScope();
    }

    private static void CheckFalling(IReadOnlyList<NoiseLevel> levels)
    {
        for (var i = 1; i < levels.Count; i++)
        {
            if (!(levels[i].Noise < levels[i - 1].Noise || levels[i].Signal > levels[i - 1].Signal))
            {
                throw new ArgumentException("Every level needs less noise than the one before.", nameof(levels));
            }
        }
    }
}
