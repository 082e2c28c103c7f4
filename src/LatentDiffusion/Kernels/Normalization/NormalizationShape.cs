namespace LatentDiffusion.Kernels.Normalization;

/// <summary>The sizes of a group normalisation of channels-last maps.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Pixels">Positions per image.</param>
/// <param name="Channels">Channels, a multiple of <paramref name="Groups"/>.</param>
/// <param name="Groups">Groups of neighbouring channels that share mean and variance.</param>
internal readonly record struct NormalizationShape(int Batch, int Pixels, int Channels, int Groups)
{
    // Small enough for the second-level cache, large enough to be worth a thread.
    private const int FloatsPerStrip = 32 * 1024;

    /// <summary>Channels per group.</summary>
    public int GroupSize => Channels / Groups;

    /// <summary>Positions in a strip, the piece of an image that is worked on at a time.</summary>
    public int StripPixels => Math.Min(Pixels, Math.Max(1, FloatsPerStrip / Channels));

    /// <summary>Strips per image; they do not depend on the number of threads, and so neither do the sums over them.</summary>
    public int Strips => (Pixels + StripPixels - 1) / StripPixels;

    /// <summary>First and last but one position of a strip.</summary>
    public (int First, int End) Strip(int strip) => (strip * StripPixels, Math.Min(Pixels, (strip + 1) * StripPixels));

    /// <summary>The strip that a task works on, when there is one task per image and strip.</summary>
    public (int Image, int First, int End) Place(int task)
    {
        var (first, end) = Strip(task % Strips);
        return (task / Strips, first, end);
    }
}
