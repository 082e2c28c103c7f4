using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Tests.Support;

/// <summary>Archives of pixels, as NumPy writes them.</summary>
internal static class Npz
{
    /// <summary>Writes images of one size as <c>arr_0</c>, bytes [N, H, W, 3].</summary>
    public static void Write(string path, IReadOnlyList<RgbImage> images)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using var stream = archive.CreateEntry("arr_0.npy").Open();
        var shape = FormattableString.Invariant($"({images.Count}, {images[0].Height}, {images[0].Width}, 3)");
        var header = Encoding.Latin1.GetBytes($"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        var length = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        stream.Write([0x93, .. "NUMPY"u8, 1, 0, .. length]);
        stream.Write(header);
        foreach (var image in images)
        {
            stream.Write(image.Pixels);
        }
    }
}
