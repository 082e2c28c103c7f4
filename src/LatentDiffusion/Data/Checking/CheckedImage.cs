using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Checking;

/// <summary>An image that could be decoded.</summary>
/// <param name="Path">Relative path with forward slashes.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="HasNumbers">Whether it may be a label map: a PNG of palette indices or grey levels.</param>
internal sealed record CheckedImage(string Path, int Width, int Height, bool HasNumbers)
{
    public string Folder => Path.LastIndexOf('/') is >= 0 and var at ? Path[..at] : "";

    public string Stem => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string Size => $"{Width}x{Height}";

    /// <summary>The path below a folder without its ending, or null when the image lies elsewhere.</summary>
    public string? KeyBelow(string folder) =>
        Path.StartsWith(folder + "/", StringComparison.Ordinal)
            ? System.IO.Path.ChangeExtension(Path[(folder.Length + 1)..], null)
            : null;

    /// <summary>Decodes an image completely; null when it cannot be.</summary>
    public static CheckedImage? Decode(string path, byte[] data, Findings findings)
    {
        try
        {
            var image = ImageDecoder.Decode(data, path);
            return new CheckedImage(path, image.Width, image.Height, IndexedPng.Fits(data));
        }
        catch (ImageFormatException e)
        {
            findings.Complain(path, e.Message);
            return null;
        }
    }
}
