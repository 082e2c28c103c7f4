using System.IO.Compression;
using System.Text;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Small files of torch.save, made by hand.</summary>
internal static class TorchSamples
{
    private static readonly byte[] Magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    /// <summary>The bytes of the float32 numbers 0, 1, 2, ...</summary>
    public static byte[] Floats(int count) =>
        [.. Enumerable.Range(0, count).SelectMany(i => BitConverter.GetBytes((float)i))];

    /// <summary>A pickle of {"epoch": 3, "state_dict": {"a": 2 x 3, "b": its transpose, one column of it}}.</summary>
    public static byte[] SmallPickle() =>
        new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("epoch")
            .Number(3)
            .Text("state_dict")
            .Op('}')
            .Op('(')
            .Text("a")
            .Tensor("0", 6, [2, 3], [3, 1])
            .Text("b")
            .Tensor("0", 6, [2, 2], [1, 3], offset: 1)
            .Op('u')
            .Op('u')
            .Stop();

    /// <summary>The zip format: entries by their names in the folder, stored as they are.</summary>
    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Bytes)[] others) =>
        ZipOf([("archive/data.pkl", pickle), .. others.Select(o => ($"archive/{o.Name}", o.Bytes))]);

    public static byte[] ZipOf(
        (string Name, byte[] Bytes)[] entries,
        CompressionLevel level = CompressionLevel.NoCompression
    )
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        }

        return memory.ToArray();
    }

    /// <summary>The format before PyTorch 1.6 with float32 storages.</summary>
    public static byte[] Stream(byte[] pickle, params (string Key, byte[] Bytes)[] storages)
    {
        var keys = new PickleWriter().Op(']').Op('(');
        foreach (var (key, _) in storages)
        {
            keys.Text(key);
        }

        return
        [
            .. new PickleWriter().Op(0x8a, (byte)Magic.Length).Op(Magic).Stop(),
            .. new PickleWriter().Number(1001).Stop(),
            .. new PickleWriter().Op('}').Text("little_endian").Op(0x88).Op('s').Stop(),
            .. pickle,
            .. keys.Op('e').Stop(),
            .. storages.SelectMany(s =>
                (byte[])[.. BitConverter.GetBytes(s.Bytes.LongLength / sizeof(float)), .. s.Bytes]
            ),
        ];
    }

    public static TorchFile Open(TemporaryFolder folder, byte[] bytes)
    {
        var path = folder["sample.pth"];
        File.WriteAllBytes(path, bytes);
        return TorchFile.Open(path);
    }

    public static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
