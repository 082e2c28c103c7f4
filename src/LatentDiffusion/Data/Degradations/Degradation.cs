using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Degradations;

/// <summary>An image and what a degradation made of it: what super-resolution learns to turn round.</summary>
/// <param name="High">The image, cut to a multiple of the scale.</param>
/// <param name="Low">The degraded image, smaller by the scale.</param>
public sealed record DegradedPair(RgbImage High, RgbImage Low);

/// <summary>Makes low-resolution images for super-resolution (LDM section 4.4).</summary>
public abstract record Degradation
{
    /// <summary>Size of the high-resolution image over that of the low-resolution one.</summary>
    public int Scale
    {
        get;
        init =>
            field =
                value >= 1
                    ? value
                    : throw new UserInputException($"A degradation's scale of {value} is too small. Use 1 or more.");
    } = 4;

    /// <summary>Degrades an image; the result depends on the arguments alone.</summary>
    /// <param name="image">At least <see cref="Scale"/> pixels in each direction.</param>
    /// <param name="seed">Seed of all random choices.</param>
    /// <exception cref="UserInputException">The image is too small.</exception>
    public abstract DegradedPair Apply(RgbImage image, long seed);

    /// <summary>The top left part whose sides are multiples of the scale.</summary>
    private protected RgbImage CutToMultiple(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckSize(image.Width, image.Height);
        return image.Crop(0, 0, image.Width - image.Width % Scale, image.Height - image.Height % Scale);
    }

    private protected void CheckSize(int width, int height)
    {
        if (width < Scale || height < Scale)
        {
            throw new UserInputException(
                $"An image of {width}x{height} pixels is too small to be reduced {Scale} times. Use a larger image."
            );
        }
    }
}

/// <summary>MATLAB's bicubic reduction, the classical task (LDM-SR); nothing about it is random.</summary>
public sealed record BicubicDegradation : Degradation
{
    /// <inheritdoc/>
    public override DegradedPair Apply(RgbImage image, long seed)
    {
        var high = CutToMultiple(image);
        var low = FloatResampler.Resize(
            FloatImage.Of(high),
            high.Width / Scale,
            high.Height / Scale,
            Interpolation.MatlabCubic
        );
        return new DegradedPair(high, low.ToImage());
    }
}
