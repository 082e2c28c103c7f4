using LatentDiffusion.Randomness;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>
/// Standard normal noise with one generator per image, so that an image depends on its own seed alone and not on the
/// batch it was drawn in. The numbers are PyTorch's CPU generator's.
/// </summary>
public sealed class NoiseSource : IDisposable
{
    private readonly Generator[] _generators;

    /// <summary>Creates a source for a batch.</summary>
    /// <param name="seeds">One seed per image.</param>
    public NoiseSource(IEnumerable<long> seeds)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        _generators = [.. seeds.Select(seed => new Generator((ulong)seed, CPU))];
    }

    /// <summary>The number of images.</summary>
    public int Count => _generators.Length;

    /// <summary>A source for images number <paramref name="first"/>, first + 1, ... of a request: seed, seed + 1, ...</summary>
    public static NoiseSource FromSeed(long seed, int count, int first = 0) =>
        new(Enumerable.Range(first, count).Select(i => seed + i));

    /// <summary>A source for purposes inside a run, independent of every other purpose and number.</summary>
    public static NoiseSource Derived(long seed, int count, params ReadOnlySpan<long> purpose)
    {
        var root = DerivedSeed.Of(seed, purpose);
        return new NoiseSource(Enumerable.Range(0, count).Select(i => DerivedSeed.Of(root, i)));
    }

    /// <summary>Draws the next noise of every image.</summary>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <returns>[count, C, H, W], f32, on the CPU.</returns>
    public Tensor Next(long channels, long height, long width)
    {
        using var scope = NewDisposeScope();
        var images = _generators.Select(g => randn([1, channels, height, width], generator: g)).ToArray();
        return cat(images).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var generator in _generators)
        {
            generator.Dispose();
        }
    }
}
