using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>Noise for tests that want a lot of it from one seed.</summary>
internal sealed class SeededNoise(int seed, params long[] shape) : IDisposable
{
    private readonly torch.Generator _generator = new((ulong)seed);

    public torch.Tensor Next() => torch.randn(shape, dtype: torch.float64, generator: _generator);

    public void Dispose() => _generator.Dispose();
}
