using LatentDiffusion.Imaging;

namespace LatentDiffusion.Metrics;

/// <summary>Peak signal-to-noise ratio (PSNR) of 8-bit images (LDM table 8).</summary>
public static class PeakSignalToNoise
{
    /// <summary>10 log10(255² / mean squared difference over all pixels and channels).</summary>
    /// <returns>Decibels; infinite for equal images.</returns>
    /// <exception cref="ArgumentException">The images differ in size.</exception>
    public static double Of(RgbImage first, RgbImage second)
    {
        ImagePair.RequireOneSize(first, second);
        var sum = 0L;
        for (var i = 0; i < first.Pixels.Length; i++)
        {
            var difference = first.Pixels[i] - second.Pixels[i];
            sum += difference * difference;
        }

        return 10 * Math.Log10(255.0 * 255.0 * first.Pixels.Length / sum);
    }
}
