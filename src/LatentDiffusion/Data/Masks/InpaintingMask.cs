using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Masks;

/// <summary>
/// Which pixels of an image are to be painted anew. Two conventions meet here. In files, on the command line and in an
/// inpainting model's input, 1 (white) is the hole. Samplers that blend a known image into each step take masks of the
/// opposite sense, 1 = keep: <see cref="ToKeep"/> gives those.
/// </summary>
public sealed class InpaintingMask
{
    private const byte Threshold = 128;
    private readonly byte[] _holes;

    /// <summary>Wraps <paramref name="holes"/> without copying.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="holes">Row by row, 1 for a hole and 0 for a pixel to keep.</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public InpaintingMask(int width, int height, byte[] holes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(holes);
        if (holes.LongLength != (long)width * height)
        {
            throw new ArgumentException(
                $"A mask of {width}x{height} needs {width * height} values, not {holes.Length}."
            );
        }

        (Width, Height, _holes) = (width, height, holes);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>Share of the pixels that are holes, 0..1.</summary>
    public double HoleShare => _holes.Count(h => h != 0) / (double)_holes.Length;

    /// <summary>Whether pixel (x, y) is a hole.</summary>
    public bool this[int x, int y] => _holes[y * Width + x] != 0;

    /// <summary>Reads a mask from an image: pixels brighter than half are holes.</summary>
    /// <param name="image">A black and white picture.</param>
    public static InpaintingMask FromImage(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var holes = new byte[image.Width * image.Height];
        for (var i = 0; i < holes.Length; i++)
        {
            var brightness = image.Pixels[3 * i] + image.Pixels[3 * i + 1] + image.Pixels[3 * i + 2];
            holes[i] = brightness >= 3 * Threshold ? (byte)1 : (byte)0;
        }

        return new InpaintingMask(image.Width, image.Height, holes);
    }

    /// <summary>Reads a mask file for an image of a known size.</summary>
    /// <param name="path">An image file, white where to paint.</param>
    /// <param name="width">Width that the mask must have.</param>
    /// <param name="height">Height that the mask must have.</param>
    /// <exception cref="UserInputException">The file is no image, has another size, or no white pixel.</exception>
    public static InpaintingMask Read(string path, int width, int height)
    {
        var image = ImageDecoder.DecodeFile(path, Rgb.Black);
        if ((image.Width, image.Height) != (width, height))
        {
            throw new UserInputException(
                $"Mask \"{path}\" has {image.Width}x{image.Height} pixels, its image {width}x{height}. Make them equal."
            );
        }

        var mask = FromImage(image);
        return mask.HoleShare > 0
            ? mask
            : throw new UserInputException(
                $"Mask \"{path}\" has no white pixel, so there is nothing to paint. White marks what to repaint."
            );
    }

    /// <summary>The mask as a picture: holes white, the rest black.</summary>
    public RgbImage ToImage()
    {
        var image = new RgbImage(Width, Height, new byte[_holes.Length * 3]);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = _holes[i / 3] != 0 ? (byte)255 : (byte)0;
        }

        return image;
    }

    /// <summary>For samplers that blend: [Height, Width], 1 where the image is kept and 0 in holes.</summary>
    public float[] ToKeep() => Array.ConvertAll(_holes, h => h != 0 ? 0f : 1f);

    /// <summary>For an inpainting model's input: [Height, Width], 1 in holes and -1 elsewhere.</summary>
    public float[] ToModelInput() => Array.ConvertAll(_holes, h => h != 0 ? 1f : -1f);

    /// <summary>The mask at another size, by the nearest pixel as the reference code takes it to the latent's size.</summary>
    public InpaintingMask Nearest(int width, int height)
    {
        var resized = new byte[width * height];
        for (var i = 0; i < resized.Length; i++)
        {
            // torch's nearest: floor(i * in / out), not the pixel below the centre.
            var (y, x) = Math.DivRem(i, width);
            resized[i] = _holes[(int)((long)y * Height / height) * Width + (int)((long)x * Width / width)];
        }

        return new InpaintingMask(width, height, resized);
    }

    /// <summary>The mask made larger to the right and below by pixels to keep.</summary>
    /// <param name="width">New width, at least the old one.</param>
    /// <param name="height">New height, at least the old one.</param>
    public InpaintingMask Extended(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, Width);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, Height);
        var holes = new byte[checked(width * height)];
        for (var y = 0; y < Height; y++)
        {
            _holes.AsSpan(y * Width, Width).CopyTo(holes.AsSpan(y * width));
        }

        return new InpaintingMask(width, height, holes);
    }

    /// <summary>A smaller mask in which everything is a hole that has a hole anywhere in it, so that thin strokes stay.</summary>
    /// <param name="factor">Pixels per side that become one; rest columns and rows count as well.</param>
    public InpaintingMask Covering(int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        var (width, height) = ((Width + factor - 1) / factor, (Height + factor - 1) / factor);
        var covering = new byte[width * height];
        for (var i = 0; i < _holes.Length; i++)
        {
            if (_holes[i] != 0)
            {
                covering[i / Width / factor * width + i % Width / factor] = 1;
            }
        }

        return new InpaintingMask(width, height, covering);
    }

    /// <summary>An image with its holes blackened, as an inpainting model sees it.</summary>
    /// <param name="image">Of this mask's size.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public RgbImage Erase(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if ((image.Width, image.Height) != (Width, Height))
        {
            throw new ArgumentException(
                $"The image has {image.Width}x{image.Height} pixels, the mask {Width}x{Height}."
            );
        }

        var erased = new RgbImage(Width, Height, (byte[])image.Pixels.Clone());
        for (var i = 0; i < erased.Pixels.Length; i++)
        {
            erased.Pixels[i] = _holes[i / 3] != 0 ? (byte)0 : erased.Pixels[i];
        }

        return erased;
    }
}
