using System.Buffers.Binary;
using System.Text;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>Reads what Qt's QDataStream wrote: big-endian numbers, strings in UTF-16 after their length.</summary>
internal sealed class QtDataReader(byte[] data)
{
    private const uint NullText = 0xffffffff;

    private int _at;

    /// <summary>Whether everything is read.</summary>
    public bool IsAtEnd => _at == data.Length;

    /// <summary>A 32-bit number.</summary>
    /// <exception cref="InvalidDataException">The data ends before.</exception>
    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    /// <summary>A float or double: both take 64 bits.</summary>
    /// <exception cref="InvalidDataException">The data ends before.</exception>
    public double Real() => BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double)));

    /// <summary>A string; that of length -1 is empty too.</summary>
    /// <exception cref="InvalidDataException">The data ends before, or the length is odd.</exception>
    public string Text()
    {
        var length = Number();
        return length switch
        {
            NullText => "",
            _ when length % 2 == 0 => Encoding.BigEndianUnicode.GetString(Take(length)),
            _ => throw new InvalidDataException($"byte {_at} begins a text of {length} bytes"),
        };
    }

    /// <summary>Passes over numbers.</summary>
    /// <exception cref="InvalidDataException">The data ends before.</exception>
    public void SkipNumbers(uint count) => Take(count * sizeof(uint));

    /// <summary>Passes over floats or doubles.</summary>
    /// <exception cref="InvalidDataException">The data ends before.</exception>
    public void SkipReals(uint count) => Take(count * sizeof(double));

    private ReadOnlySpan<byte> Take(uint length)
    {
        if (length > data.Length - _at)
        {
            throw new InvalidDataException("it ends in the middle of an object");
        }

        var taken = data.AsSpan(_at, (int)length);
        _at += (int)length;
        return taken;
    }
}
