namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>A small square picture: four bytes per pixel in the order red, green, blue, alpha, not premultiplied.</summary>
internal sealed class Picture
{
    /// <summary>Width and height in pixels.</summary>
    public const int Size = 64;

    /// <summary>Takes over pixels and sets the colour of the fully transparent ones to black.</summary>
    public Picture(byte[] pixels)
    {
        for (var i = 0; i < pixels.Length; i += 4)
        {
            if (pixels[i + 3] == 0)
            {
                pixels.AsSpan(i, 3).Clear();
            }
        }

        Pixels = pixels;
    }

    /// <summary>The pixels, row by row from the top.</summary>
    public byte[] Pixels { get; }

    /// <summary>The average luma (ITU-R BT.601) of what is visible, from 0 to 255.</summary>
    public double Brightness()
    {
        double luma = 0;
        double weight = 0;
        for (var i = 0; i < Pixels.Length; i += 4)
        {
            double alpha = Pixels[i + 3];
            luma += alpha * (0.299 * Pixels[i] + 0.587 * Pixels[i + 1] + 0.114 * Pixels[i + 2]);
            weight += alpha;
        }

        return weight == 0 ? 0 : luma / weight;
    }
}
