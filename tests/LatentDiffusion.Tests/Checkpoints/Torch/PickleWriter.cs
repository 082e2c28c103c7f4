using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Writes pickles instruction by instruction, lawful or not.</summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public PickleWriter() => Op(0x80, 2);

    public byte[] Stop() => Op('.')._bytes.WrittenSpan.ToArray();

    public PickleWriter Op(char opcode) => Op((byte)opcode);

    public PickleWriter Op(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public PickleWriter Global(string module, string name) => Op(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    public PickleWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Claim('X', bytes.Length).Op(bytes);
    }

    /// <summary>An instruction and the length that it claims its data to have.</summary>
    public PickleWriter Claim(char opcode, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        return Op(opcode).Op(bytes);
    }

    public PickleWriter Number(long number) =>
        number is >= int.MinValue and <= int.MaxValue
            ? Claim('J', (int)number)
            : Op(0x8a, sizeof(long)).Op(BitConverter.GetBytes(number));

    public PickleWriter Tuple(params ReadOnlySpan<long> numbers)
    {
        Op('(');
        foreach (var number in numbers)
        {
            Number(number);
        }

        return Op('t');
    }

    public PickleWriter Repeat(int count, params ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < count; i++)
        {
            Op(bytes);
        }

        return this;
    }

    /// <summary>A tensor in the way of torch.save: a view of a storage.</summary>
    public PickleWriter Tensor(
        string key,
        long count,
        long[] sizes,
        long[] strides,
        long offset = 0,
        string type = "FloatStorage"
    ) =>
        Global("torch._utils", "_rebuild_tensor_v2")
            .Op('(')
            .Storage(key, count, type)
            .Number(offset)
            .Tuple(sizes)
            .Tuple(strides)
            .Op(0x89)
            .Global("collections", "OrderedDict")
            .Op(')')
            .Op('R')
            .Op('t')
            .Op('R');

    public PickleWriter Storage(string key, long count, string type = "FloatStorage") =>
        Op('(').Text("storage").Global("torch", type).Text(key).Text("cpu").Number(count).Op('t').Op('Q');
}
