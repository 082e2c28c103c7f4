using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>Latents and predicted x_0 of every k-th step, for rows that show how an image comes to be.</summary>
/// <param name="every">k; as in the reference the first step and those a multiple of k before the end are kept.</param>
public sealed class SamplingIntermediates(int every) : IDisposable
{
    private readonly List<Tensor> _latents = [];
    private readonly List<Tensor> _clean = [];

    /// <summary>x_t after the steps, [B, C, H, W] each.</summary>
    public IReadOnlyList<Tensor> Latents => _latents;

    /// <summary>The x_0 that the steps aimed at, [B, C, H, W] each.</summary>
    public IReadOnlyList<Tensor> Clean => _clean;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _latents.Concat(_clean))
        {
            tensor.Dispose();
        }
    }

    internal void Record(bool isFirst, int remaining, StepResult result)
    {
        if (isFirst || remaining % every == 0)
        {
            _latents.Add(result.Next.clone().DetachFromDisposeScope());
            _clean.Add(result.Clean.clone().DetachFromDisposeScope());
        }
    }
}
