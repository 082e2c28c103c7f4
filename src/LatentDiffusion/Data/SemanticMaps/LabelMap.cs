using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.SemanticMaps;

/// <summary>The class of every pixel of an image.</summary>
public sealed class LabelMap
{
    /// <summary>Wraps <paramref name="ids"/> without copying.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="ids">Class ids row by row.</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public LabelMap(int width, int height, byte[] ids)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A map of {width}x{height} needs {width * height} ids, not {ids.Length}.");
        }

        (Width, Height, Ids) = (width, height, ids);
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    /// <summary>Class ids row by row.</summary>
    public byte[] Ids { get; }

    /// <summary>The class of pixel (x, y).</summary>
    public byte this[int x, int y] => Ids[y * Width + x];

    /// <summary>The map at another size: each pixel takes the class at its centre, nothing is mixed.</summary>
    public LabelMap Resize(int width, int height)
    {
        var ids = new byte[checked(width * height)];
        for (var y = 0; y < height; y++)
        {
            var row = (int)((2L * y + 1) * Height / (2L * height)) * Width;
            for (var x = 0; x < width; x++)
            {
                ids[y * width + x] = Ids[row + (int)((2L * x + 1) * Width / (2L * width))];
            }
        }

        return new LabelMap(width, height, ids);
    }

    /// <summary>The rectangle at (x, y), which must lie inside.</summary>
    public LabelMap Crop(int x, int y, int width, int height)
    {
        var ids = new byte[width * height];
        for (var row = 0; row < height; row++)
        {
            Ids.AsSpan((y + row) * Width + x, width).CopyTo(ids.AsSpan(row * width));
        }

        return new LabelMap(width, height, ids);
    }

    /// <summary>The map mirrored left to right.</summary>
    public LabelMap Mirrored()
    {
        var ids = (byte[])Ids.Clone();
        for (var y = 0; y < Height; y++)
        {
            ids.AsSpan(y * Width, Width).Reverse();
        }

        return new LabelMap(Width, Height, ids);
    }

    /// <summary>One channel a class, 1 where the pixel is of the class and 0 elsewhere.</summary>
    /// <param name="classes">Number of classes; all ids are below it.</param>
    /// <returns>[classes, Height, Width].</returns>
    /// <exception cref="ArgumentException">An id is not below <paramref name="classes"/>.</exception>
    public float[] OneHot(int classes)
    {
        if (Ids.Max() >= classes)
        {
            throw new ArgumentException(
                $"The map has class {Ids.Max()}; there are {classes} classes.",
                nameof(classes)
            );
        }

        var channels = new float[checked(classes * Ids.Length)];
        for (var i = 0; i < Ids.Length; i++)
        {
            channels[Ids[i] * Ids.Length + i] = 1;
        }

        return channels;
    }

    /// <summary>The map in colours.</summary>
    /// <param name="colours">A colour for every class that occurs.</param>
    public RgbImage Paint(IReadOnlyList<Rgb> colours)
    {
        ArgumentNullException.ThrowIfNull(colours);
        var image = new RgbImage(Width, Height, new byte[Ids.Length * 3]);
        for (var i = 0; i < Ids.Length; i++)
        {
            var colour = colours[Ids[i]];
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = (colour.R, colour.G, colour.B);
        }

        return image;
    }
}
