using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>Writes {"state_dict": tensors} in the zip format of torch.save, for programs that read nothing else.</summary>
public static class TorchWriter
{
    private const string Root = "archive/";

    /// <summary>Writes the tensors in the order given.</summary>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="tensors">The tensors; each is read once and let go.</param>
    /// <exception cref="UserInputException">A tensor's type is none of PyTorch's storages.</exception>
    /// <exception cref="IOException">The disk is full (the message says so), or writing failed otherwise.</exception>
    public static void Write(string path, IReadOnlyList<TensorToWrite> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var pickle = Pickle(tensors);
        AtomicFile.Write(
            path,
            stream =>
            {
                using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
                Add(zip, "data.pkl", entry => entry.Write(pickle));
                Add(zip, "byteorder", entry => entry.Write("little"u8));
                foreach (var (number, tensor) in tensors.Index())
                {
                    Add(
                        zip,
                        string.Create(CultureInfo.InvariantCulture, $"data/{number}"),
                        entry => WriteData(entry, tensor)
                    );
                }

                Add(zip, "version", entry => entry.Write("3\n"u8));
            }
        );
    }

    private static void Add(ZipArchive zip, string name, Action<Stream> write)
    {
        using var entry = zip.CreateEntry(Root + name, CompressionLevel.NoCompression).Open();
        write(entry);
    }

    private static void WriteData(Stream stream, TensorToWrite tensor)
    {
        using var scope = NewDisposeScope();
        TensorMemory.ForEachPiece(tensor.Read().detach().cpu().contiguous(), (piece, _) => stream.Write(piece));
    }

    private static byte[] Pickle(IReadOnlyList<TensorToWrite> tensors)
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory, Encoding.UTF8);
        Op(0x80, 2, (byte)'}');
        Text("state_dict");
        Op((byte)'}', (byte)'(');
        foreach (var (number, tensor) in tensors.Index())
        {
            Text(tensor.Name);
            Global("torch._utils", "_rebuild_tensor_v2");
            Op((byte)'(', (byte)'(');
            Text("storage");
            Global("torch", StorageOf(tensor));
            Text(number.ToString(CultureInfo.InvariantCulture));
            Text("cpu");
            Number(tensor.Shape.Aggregate(1L, (product, size) => product * size));
            Op((byte)'t', (byte)'Q');
            Number(0);
            Numbers(tensor.Shape);
            Numbers(Strides(tensor.Shape));
            Op(0x89);
            Global("collections", "OrderedDict");
            Op((byte)')', (byte)'R', (byte)'t', (byte)'R');
        }

        Op((byte)'u', (byte)'s', (byte)'.');
        writer.Flush();
        return memory.ToArray();

        void Op(params ReadOnlySpan<byte> bytes) => writer.Write(bytes);

        void Global(string module, string name) => Op(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

        void Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Op((byte)'X');
            writer.Write(bytes.Length);
            Op(bytes);
        }

        void Number(long number)
        {
            if (number is >= 0 and <= int.MaxValue)
            {
                Op((byte)'J');
                writer.Write((int)number);
                return;
            }

            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            Op(0x8a, sizeof(long));
            Op(bytes);
        }

        void Numbers(IEnumerable<long> numbers)
        {
            Op((byte)'(');
            foreach (var number in numbers)
            {
                Number(number);
            }

            Op((byte)'t');
        }
    }

    private static long[] Strides(IReadOnlyList<long> shape)
    {
        var strides = new long[shape.Count];
        long stride = 1;
        for (var axis = shape.Count - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(shape[axis], 1);
        }

        return strides;
    }

    private static string StorageOf(TensorToWrite tensor) =>
        tensor.Dtype switch
        {
            ScalarType.Float32 => "FloatStorage",
            ScalarType.Float64 => "DoubleStorage",
            ScalarType.Float16 => "HalfStorage",
            ScalarType.BFloat16 => "BFloat16Storage",
            ScalarType.Int64 => "LongStorage",
            ScalarType.Int32 => "IntStorage",
            ScalarType.Int16 => "ShortStorage",
            ScalarType.Int8 => "CharStorage",
            ScalarType.Byte => "ByteStorage",
            ScalarType.Bool => "BoolStorage",
            _ => throw new UserInputException(
                $"{OneLine.Quote(tensor.Name)} is {tensor.Dtype}, which a .ckpt cannot hold."
            ),
        };
}
