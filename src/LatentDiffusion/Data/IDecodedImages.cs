using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>A source whose images are pixels already: encoding and decoding them again would be in vain.</summary>
internal interface IDecodedImages
{
    /// <summary>Image <paramref name="index"/>, a copy.</summary>
    RgbImage Decoded(int index);
}
