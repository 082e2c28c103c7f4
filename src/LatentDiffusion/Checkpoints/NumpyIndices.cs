using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints;

/// <summary>Reads lists of indices from NumPy's .npy files.</summary>
internal static partial class NumpyIndices
{
    private const string Remedy = "save it with numpy.save as a one-dimensional array of int64";
    private const int LongestHeader = 1024 * 1024;

    // 0x93 "NUMPY", two bytes of version, then the header's length: two bytes in version 1, four afterwards.
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a one-dimensional array of int32 or int64.</summary>
    /// <exception cref="UserInputException">The file is missing, damaged, or holds anything else.</exception>
    public static int[] Read(string path)
    {
        ReadOnlySpan<byte> bytes = Load(path);
        if (bytes.Length < 12 || !bytes.StartsWith(Magic))
        {
            throw new UserInputException($"{path} is no NumPy file: {Remedy}.");
        }

        var (start, length) =
            bytes[6] == 1
                ? (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]))
                : (12, BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
        if (length > Math.Min(LongestHeader, bytes.Length - start))
        {
            throw new UserInputException($"{path} ends within its header: copy or make it again.");
        }

        var header = Encoding.Latin1.GetString(bytes.Slice(start, (int)length));
        var data = bytes[(start + (int)length)..];
        var type = DescriptionPattern().Match(header).Groups[1].Value;
        var shape = ShapePattern().Match(header).Groups[1].Value;
        var size = type switch
        {
            "<i8" => sizeof(long),
            "<i4" => sizeof(int),
            _ => throw new UserInputException($"{path} holds numbers of type '{type}': {Remedy}."),
        };
        if (!OneSizePattern().IsMatch(shape))
        {
            throw new UserInputException($"{path} holds an array of shape ({shape}): {Remedy}.");
        }

        if (
            !int.TryParse(shape.TrimEnd(',', ' '), CultureInfo.InvariantCulture, out var count)
            || data.Length != (long)count * size
        )
        {
            throw new UserInputException(
                $"{path} has {data.Length} bytes for {shape.TrimEnd(',', ' ')} numbers: copy or make it again."
            );
        }

        return Numbers(path, data, count, size);
    }

    private static int[] Numbers(string path, ReadOnlySpan<byte> data, int count, int size)
    {
        var numbers = new int[count];
        for (var i = 0; i < count; i++)
        {
            var number =
                size == sizeof(long)
                    ? BinaryPrimitives.ReadInt64LittleEndian(data[(i * size)..])
                    : BinaryPrimitives.ReadInt32LittleEndian(data[(i * size)..]);
            numbers[i] = number is >= int.MinValue and <= int.MaxValue
                ? (int)number
                : throw new UserInputException($"{path} holds {number}, which is too large for an index.");
        }

        return numbers;
    }

    private static byte[] Load(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"NumPy file \"{path}\" does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"NumPy file \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    [GeneratedRegex("'descr': '([^']+)'")]
    private static partial Regex DescriptionPattern();

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();

    [GeneratedRegex(@"^\d+, ?$")]
    private static partial Regex OneSizePattern();
}
