using LatentDiffusion.Imaging;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Images as the channels of a condition.</summary>
internal static class PlanarImages
{
    /// <summary>Stacks images; where there is none, a value stands in all its pixels.</summary>
    /// <param name="images">Images of one size, or null.</param>
    /// <param name="height">Height of every image.</param>
    /// <param name="width">Width of every image.</param>
    /// <param name="missing">The value for those that are missing.</param>
    /// <returns>[B, 3, H, W] in [-1, 1].</returns>
    /// <exception cref="ArgumentException">An image has another size.</exception>
    public static Tensor Stack(IReadOnlyList<RgbImage?> images, int height, int width, float missing)
    {
        var length = 3 * height * width;
        var pixels = new float[images.Count * length];
        for (var i = 0; i < images.Count; i++)
        {
            var part = pixels.AsSpan(i * length, length);
            if (images[i] is not { } image)
            {
                part.Fill(missing);
            }
            else if ((image.Height, image.Width) != (height, width))
            {
                throw new ArgumentException($"An image has {image.Width}x{image.Height} pixels, not {width}x{height}.");
            }
            else
            {
                PixelRange.ToFloats(image.ToPlanar(), part);
            }
        }

        return tensor(pixels, [images.Count, 3, height, width]);
    }
}
