using System.IO.Compression;
using System.Text;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Tests.Support;

/// <summary>Archives of pixels, as NumPy writes them.</summary>
internal static class Npz
{
    /// <summary>Writes images of one size as <c>arr_0</c>, bytes [N, H, W, 3].</summary>
    public static void Write(string path, IReadOnlyList<RgbImage> images) =>
        Write(
            path,
            FormattableString.Invariant(
                $"'descr': '|u1', 'fortran_order': False, 'shape': ({images.Count}, {images[0].Height}, {images[0].Width}, 3)"
            ),
            [.. images.SelectMany(image => image.Pixels)],
            CompressionLevel.Optimal
        );

    /// <summary>Writes bytes as <c>arr_0</c>, in place of what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="description">What the array says of itself, without braces.</param>
    /// <param name="pixels">Its bytes.</param>
    /// <param name="compression">None stores them as they are, as numpy.savez does.</param>
    public static void Write(string path, string description, byte[] pixels, CompressionLevel compression)
    {
        File.Delete(path);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using var stream = archive.CreateEntry("arr_0.npy", compression).Open();
        var header = Encoding.Latin1.GetBytes($"{{{description}, }}\n");
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(header);
        stream.Write(pixels);
    }
}
