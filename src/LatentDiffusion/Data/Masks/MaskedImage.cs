using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Masks;

/// <summary>An image and which of its pixels are not known; what it has there is never looked at.</summary>
public sealed class MaskedImage
{
    /// <summary>Puts them together.</summary>
    /// <param name="image">The image.</param>
    /// <param name="mask">Of the image's size; its holes are not known.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public MaskedImage(RgbImage image, InpaintingMask mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(mask);
        if ((image.Width, image.Height) != (mask.Width, mask.Height))
        {
            throw new ArgumentException(
                $"The image has {image.Width}x{image.Height} pixels, the mask {mask.Width}x{mask.Height}."
            );
        }

        (Image, Mask) = (image, mask);
    }

    /// <summary>The image.</summary>
    public RgbImage Image { get; }

    /// <summary>Its holes.</summary>
    public InpaintingMask Mask { get; }

    /// <summary>The image with its holes black.</summary>
    public RgbImage Erased => Mask.Erase(Image);

    /// <summary>The image with its holes filled from another: every known pixel stays, bit for bit.</summary>
    /// <param name="painted">An image of the same size.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public RgbImage FilledFrom(RgbImage painted)
    {
        ArgumentNullException.ThrowIfNull(painted);
        if ((Image.Width, Image.Height) != (painted.Width, painted.Height))
        {
            throw new ArgumentException(
                $"The image has {Image.Width}x{Image.Height} pixels, what fills it {painted.Width}x{painted.Height}."
            );
        }

        var filled = new RgbImage(Image.Width, Image.Height, (byte[])Image.Pixels.Clone());
        for (var y = 0; y < Image.Height; y++)
        {
            for (var x = 0; x < Image.Width; x++)
            {
                if (Mask[x, y])
                {
                    painted.Row(y).Slice(3 * x, 3).CopyTo(filled.Row(y)[(3 * x)..]);
                }
            }
        }

        return filled;
    }
}
