using LatentDiffusion.Imaging;

namespace LatentDiffusion.Metrics;

/// <summary>Mean absolute difference of 8-bit values, 0 (equal) to 255.</summary>
public static class MeanAbsoluteError
{
    /// <summary>The mean over all pixels and channels.</summary>
    /// <exception cref="ArgumentException">The images differ in size.</exception>
    public static double Of(RgbImage first, RgbImage second)
    {
        ImagePair.RequireOneSize(first, second);
        var sum = 0L;
        for (var i = 0; i < first.Pixels.Length; i++)
        {
            sum += Math.Abs(first.Pixels[i] - second.Pixels[i]);
        }

        return (double)sum / first.Pixels.Length;
    }
}
