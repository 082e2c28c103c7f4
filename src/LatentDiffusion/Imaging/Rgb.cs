namespace LatentDiffusion.Imaging;

/// <summary>An opaque colour: three channels of 0..255 (sRGB).</summary>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>All channels 255.</summary>
    public static Rgb White => new(255, 255, 255);

    /// <summary>All channels 0.</summary>
    public static Rgb Black => default;
}
