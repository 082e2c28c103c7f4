using System.Globalization;
using System.Text;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Small tar archives in the way of PyTorch before 0.1.10, made by hand.</summary>
internal static class TarSamples
{
    /// <summary>A storage of 0..5 and one of its last three elements; tensors 2 x 3, its transpose, and the view.</summary>
    public static byte[] Small() =>
        Of(
            Storages(),
            Tensors(("7", 1, 0, [2, 3], [3, 1]), ("8", 1, 0, [3, 2], [1, 3]), ("9", 2, 0, [3], [1])),
            Pickle()
        );

    public static byte[] Of(byte[] storages, byte[] tensors, byte[] pickle) =>
        [
            .. Member("sys_info", [1, 2, 3]),
            .. Member("storages", storages),
            .. Member("tensors", tensors),
            .. Member("pickle", pickle),
            .. new byte[1024],
        ];

    public static byte[] Storages(long claimed = 6, long viewOffset = 3) =>
        [
            .. new PickleWriter().Number(1).Stop(),
            .. new PickleWriter().Op('(').Number(1).Text("cpu").Global("torch", "FloatStorage").Op('t').Stop(),
            .. BitConverter.GetBytes(claimed),
            .. TorchSamples.Floats(6),
            .. new PickleWriter().Op(']').Tuple(2, 1, viewOffset, 3).Op('a').Stop(),
        ];

    public static byte[] Tensors(params (string Key, long Storage, long Offset, long[] Sizes, long[] Strides)[] tensors)
    {
        List<byte> bytes = [.. new PickleWriter().Number(tensors.Length).Stop()];
        foreach (var (key, storage, offset, sizes, strides) in tensors)
        {
            bytes.AddRange(
                new PickleWriter()
                    .Op('(')
                    .Number(long.Parse(key, CultureInfo.InvariantCulture))
                    .Number(storage)
                    .Global("torch", "FloatTensor")
                    .Op('t')
                    .Stop()
            );
            bytes.AddRange(BitConverter.GetBytes((long)sizes.Length));
            bytes.AddRange(sizes.Concat(strides).Append(offset).SelectMany(BitConverter.GetBytes));
        }

        return [.. bytes];
    }

    public static byte[] Pickle() =>
        new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("a")
            .Text("7")
            .Op('Q')
            .Text("b")
            .Text("8")
            .Op('Q')
            .Text("c")
            .Text("9")
            .Op('Q')
            .Text("epoch")
            .Number(4)
            .Op('u')
            .Stop();

    private static byte[] Member(string name, byte[] content)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        Encoding.ASCII.GetBytes(Convert.ToString(content.Length, 8).PadLeft(11, '0')).CopyTo(header, 124);
        header[156] = (byte)'0';
        TorchSamples.Ascii("ustar").CopyTo(header, 257);
        return [.. header, .. content, .. new byte[-content.Length & 511]];
    }
}
