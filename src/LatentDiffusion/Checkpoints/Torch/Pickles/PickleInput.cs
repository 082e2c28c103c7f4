using System.Buffers.Binary;
using System.Text;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>The bytes of one or more pickles that follow each other in a file. No read allocates more than is there.</summary>
internal sealed class PickleInput
{
    /// <summary>Bytes that pickles may take; tensors are elsewhere, so that the largest checkpoints need a tenth.</summary>
    public const int MaxLength = 64 * 1024 * 1024;

    private const int MaxLineLength = 1024;
    private const int UsualBuffer = 16 * 1024;

    private readonly PositionalFile _file;
    private readonly long _end;
    private readonly byte[] _buffer;
    private long _bufferStart;
    private int _bufferLength;
    private int _next;

    /// <param name="file">The file; stays the caller's.</param>
    /// <param name="start">The first byte of the first pickle.</param>
    /// <param name="end">Where the input ends at the latest.</param>
    /// <param name="bufferLength">Bytes to read ahead.</param>
    public PickleInput(PositionalFile file, long start, long end, int bufferLength = UsualBuffer)
    {
        _file = file;
        _bufferStart = start;
        _end = Math.Min(end, start + MaxLength);
        _buffer = new byte[Math.Min(bufferLength, Math.Max(_end - start, 0))];
    }

    /// <summary>The place in the file of the next byte.</summary>
    public long Position => _bufferStart + _next;

    private long Remaining => _end - Position;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Floats are the one thing that the format keeps big-endian.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    public string ReadText(ulong length) => Encoding.UTF8.GetString(ReadBytes(length));

    /// <summary>Reads as many bytes as something claims to have.</summary>
    public byte[] ReadBytes(ulong length)
    {
        Require(length);
        var bytes = new byte[length];
        var buffered = Math.Min(bytes.Length, _bufferLength - _next);
        _buffer.AsSpan(_next, buffered).CopyTo(bytes);
        _next += buffered;
        if (buffered < bytes.Length)
        {
            _file.ReadExactly(bytes.AsSpan(buffered), Position);
            (_bufferStart, _next) = (Position + bytes.Length - buffered, 0);
            _bufferLength = 0;
        }

        return bytes;
    }

    /// <summary>Reads up to the next line feed, which is dropped.</summary>
    public string ReadLine()
    {
        List<byte> line = [];
        for (var b = ReadByte(); b != '\n'; b = ReadByte())
        {
            if (line.Count == MaxLineLength)
            {
                throw Damaged($"a name is longer than {MaxLineLength} bytes");
            }

            line.Add(b);
        }

        return Encoding.UTF8.GetString([.. line]);
    }

    /// <summary>Refuses a length that goes beyond the input.</summary>
    public void Require(ulong length)
    {
        if (length > (ulong)Remaining)
        {
            throw Damaged(
                Remaining == 0 ? "the pickle ends too early" : $"{length} bytes are claimed where {Remaining} are left"
            );
        }
    }

    /// <summary>The error for a pickle that is damaged or does what it may not.</summary>
    public CheckpointFormatException Damaged(string what) => _file.Damaged($"{what} (at byte {Position})");

    private ReadOnlySpan<byte> Take(int count)
    {
        Require((ulong)count);
        if (count > _bufferLength - _next)
        {
            (_bufferStart, _next) = (Position, 0);
            _bufferLength = (int)Math.Min(_buffer.Length, Remaining);
            _file.ReadExactly(_buffer.AsSpan(0, _bufferLength), _bufferStart);
        }

        _next += count;
        return _buffer.AsSpan(_next - count, count);
    }
}
