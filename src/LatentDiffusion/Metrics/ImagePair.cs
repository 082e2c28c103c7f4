using LatentDiffusion.Imaging;

namespace LatentDiffusion.Metrics;

/// <summary>What all comparisons pixel by pixel ask of their two images.</summary>
internal static class ImagePair
{
    /// <summary>Refuses images of different sizes.</summary>
    public static void RequireOneSize(RgbImage first, RgbImage second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Width != second.Width || first.Height != second.Height)
        {
            throw new ArgumentException(
                $"The images differ in size: {first.Width}x{first.Height} and {second.Width}x{second.Height}.",
                nameof(second)
            );
        }
    }
}
