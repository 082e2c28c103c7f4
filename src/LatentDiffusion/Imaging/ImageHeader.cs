namespace LatentDiffusion.Imaging;

/// <summary>How an encoded image stores its colours.</summary>
public enum StoredColour
{
    /// <summary>Red, green, blue (or a transform of them such as YCbCr).</summary>
    Rgb,

    /// <summary>One channel.</summary>
    Grey,

    /// <summary>Indices into a table of colours.</summary>
    Palette,

    /// <summary>Printing inks (a four-component JPEG).</summary>
    Cmyk,
}

/// <summary>What the first bytes of an encoded image tell, without decoding its pixels.</summary>
/// <param name="Format">Container format.</param>
/// <param name="Width">Width in pixels as shown, that is after the EXIF orientation.</param>
/// <param name="Height">Height in pixels as shown.</param>
/// <param name="HasAlpha">Whether the format says that pixels may be transparent.</param>
/// <param name="Colour">How colours are stored.</param>
/// <param name="BitsPerChannel">8, or 16 for a PNG of 16 bits; palette indices count as 8.</param>
public sealed record ImageHeader(
    ImageFormat Format,
    int Width,
    int Height,
    bool HasAlpha,
    StoredColour Colour,
    int BitsPerChannel
);
