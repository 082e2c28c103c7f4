using LatentDiffusion.Imaging;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Degradations;

/// <summary>How the noise of a pixel's three channels hangs together.</summary>
public enum NoiseColour
{
    /// <summary>Every channel has noise of its own.</summary>
    Independent,

    /// <summary>All three channels have the same noise.</summary>
    Grey,

    /// <summary>The channels are correlated in a way that is drawn once for the image.</summary>
    Correlated,
}

/// <summary>Noise of cameras, as the BSRGAN degradation model has it. The results lie in [0, 1].</summary>
public static class ImageNoise
{
    private static readonly double[] Luma = [0.299, 0.587, 0.114];

    /// <summary>Adds normal noise.</summary>
    /// <param name="image">In [0, 1].</param>
    /// <param name="colour">How channels hang together.</param>
    /// <param name="level">Standard deviation; with correlated channels its largest value.</param>
    /// <param name="seed">Seed of the noise.</param>
    public static FloatImage Gaussian(FloatImage image, NoiseColour colour, double level, long seed) =>
        Add(image, colour, level, seed, multiply: false);

    /// <summary>Adds normal noise that is multiplied by the image, as of coherent light.</summary>
    /// <inheritdoc cref="Gaussian"/>
    public static FloatImage Speckle(FloatImage image, NoiseColour colour, double level, long seed) =>
        Add(image, colour, level, seed, multiply: true);

    /// <summary>Replaces values by counts of photons, as in dim light.</summary>
    /// <param name="image">In [0, 1]; quantised to 8 bits first.</param>
    /// <param name="grey">Whether all channels get the noise of their brightness, instead of each its own.</param>
    /// <param name="photons">Photons that a value of 1 stands for, above 0; 100 is very noisy, 10,000 hardly.</param>
    /// <param name="seed">Seed of the noise.</param>
    public static FloatImage Poisson(FloatImage image, bool grey, double photons, long seed)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(photons);
        var random = new RandomStream(seed);
        var noisy = FloatImage.Of(image.ToImage());
        var pixels = noisy.Pixels;
        for (var i = 0; i < pixels.Length; i += 3)
        {
            if (grey)
            {
                var luma = Luma[0] * pixels[i] + Luma[1] * pixels[i + 1] + Luma[2] * pixels[i + 2];
                luma = Math.Clamp(Math.Round(luma * 255), 0, 255) / 255;
                var noise = (float)(random.Poisson(luma * photons) / photons - luma);
                pixels[i] += noise;
                pixels[i + 1] += noise;
                pixels[i + 2] += noise;
                continue;
            }

            for (var c = 0; c < 3; c++)
            {
                pixels[i + c] = (float)(random.Poisson(pixels[i + c] * photons) / photons);
            }
        }

        return noisy.Clip();
    }

    private static FloatImage Add(FloatImage image, NoiseColour colour, double level, long seed, bool multiply)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        var random = new RandomStream(seed);
        var correlation = colour == NoiseColour.Correlated ? ColourCovariance.Draw(level, random) : null;
        var noisy = new FloatImage(image.Width, image.Height, new float[image.Pixels.Length]);
        for (var i = 0; i < noisy.Pixels.Length; i += 3)
        {
            var (r, g, b) = correlation?.Next(random) ?? Next(random, colour, level);
            Set(i, r);
            Set(i + 1, g);
            Set(i + 2, b);
        }

        return noisy.Clip();

        void Set(int at, double noise) =>
            noisy.Pixels[at] = image.Pixels[at] + (float)(multiply ? noise * image.Pixels[at] : noise);
    }

    private static (double R, double G, double B) Next(RandomStream random, NoiseColour colour, double level)
    {
        var first = level * random.Normal();
        return colour == NoiseColour.Grey
            ? (first, first, first)
            : (first, level * random.Normal(), level * random.Normal());
    }
}
