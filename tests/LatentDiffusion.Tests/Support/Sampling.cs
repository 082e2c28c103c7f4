using LatentDiffusion.Diffusion;
using LatentDiffusion.Samplers;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Runs the sampling loop until the test is stopped.</summary>
internal static class Sampling
{
    /// <summary>With noise.</summary>
    public static torch.Tensor Run(
        ISampler sampler,
        IDenoiser denoiser,
        IReadOnlyList<NoiseLevel> levels,
        torch.Tensor start,
        Func<torch.Tensor> noise,
        SamplingOptions? options = null
    ) => SamplingLoop.Run(sampler, denoiser, levels, start, noise, options, TestContext.Current.CancellationToken);

    /// <summary>Of a deterministic sampler.</summary>
    public static torch.Tensor Run(
        ISampler sampler,
        IDenoiser denoiser,
        IReadOnlyList<NoiseLevel> levels,
        torch.Tensor start
    ) =>
        Run(
            sampler,
            denoiser,
            levels,
            start,
            () => throw new InvalidOperationException("A deterministic sampler asked for noise.")
        );
}
