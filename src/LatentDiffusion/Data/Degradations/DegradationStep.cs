using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Degradations;

/// <summary>One operation of a degradation with all of its random choices made.</summary>
public abstract record DegradationStep
{
    /// <summary>Applies it to an image in [0, 1] and returns a new one.</summary>
    internal abstract FloatImage Apply(FloatImage image);
}

/// <summary>Blurs.</summary>
/// <param name="Kernel">The kernel.</param>
public sealed record BlurStep(BlurKernel Kernel) : DegradationStep
{
    internal override FloatImage Apply(FloatImage image) => Kernel.Convolve(image);
}

/// <summary>Resizes and limits the result to [0, 1].</summary>
/// <param name="Width">New width.</param>
/// <param name="Height">New height.</param>
/// <param name="Interpolation">The kernel.</param>
public sealed record ResizeStep(int Width, int Height, Interpolation Interpolation) : DegradationStep
{
    internal override FloatImage Apply(FloatImage image) =>
        FloatResampler.Resize(image, Width, Height, Interpolation).Clip();
}

/// <summary>Blurs, then keeps every <paramref name="Factor"/>-th pixel.</summary>
/// <param name="Kernel">The kernel, already shifted for the factor.</param>
/// <param name="Factor">At least 1.</param>
public sealed record SubsampleStep(BlurKernel Kernel, int Factor) : DegradationStep
{
    internal override FloatImage Apply(FloatImage image)
    {
        var blurred = Kernel.Convolve(image);
        var (width, height) = ((image.Width + Factor - 1) / Factor, (image.Height + Factor - 1) / Factor);
        var kept = new FloatImage(width, height, new float[width * height * 3]);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                blurred.Row(y * Factor).Slice(x * Factor * 3, 3).CopyTo(kept.Row(y)[(x * 3)..]);
            }
        }

        return kept.Clip();
    }
}

/// <summary>Adds normal noise.</summary>
/// <param name="Colour">How channels hang together.</param>
/// <param name="Level">Standard deviation, of a range of 1.</param>
/// <param name="Seed">Seed of the noise.</param>
public sealed record GaussianNoiseStep(NoiseColour Colour, double Level, long Seed) : DegradationStep
{
    internal override FloatImage Apply(FloatImage image) => ImageNoise.Gaussian(image, Colour, Level, Seed);
}

/// <summary>Compresses as JPEG and decodes again.</summary>
/// <param name="Quality">1 to 100.</param>
public sealed record JpegStep(int Quality) : DegradationStep
{
    internal override FloatImage Apply(FloatImage image) => FloatImage.Of(Compress(image.ToImage()));

    internal RgbImage Compress(RgbImage image) => ImageDecoder.Decode(JpegEncoder.Encode(image, Quality), "JPEG step");
}
