using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// An image that sampling starts from instead of pure noise (image-to-image): it is encoded, brought to the noise of a level
/// in the middle of the way, and denoised from there.
/// </summary>
/// <param name="Image">Of the size that is drawn; see <see cref="Fit"/>.</param>
/// <param name="Strength">
/// How far up the way it starts, 0 to 1: 0 only encodes and decodes the image, 1 does all steps and keeps little of it. Of S
/// steps the last int(strength S) are done.
/// </param>
public sealed record StartImage(RgbImage Image, double Strength)
{
    /// <summary>Scales an image, with antialiased bicubic resampling, until it covers a size, and cuts out the middle.</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Width wanted.</param>
    /// <param name="height">Height wanted.</param>
    public static RgbImage Fit(RgbImage image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        var scale = Math.Max((double)width / image.Width, (double)height / image.Height);
        var (wide, high) = (
            Math.Max(width, (int)Math.Round(image.Width * scale)),
            Math.Max(height, (int)Math.Round(image.Height * scale))
        );
        return Resampler.Bicubic(image, wide, high).Crop((wide - width) / 2, (high - height) / 2, width, height);
    }

    /// <summary>How many steps of a way of <paramref name="steps"/> are done.</summary>
    internal int StepsOf(int steps) => (int)(Strength * steps);
}
