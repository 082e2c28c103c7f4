using System.Globalization;
using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints.Safetensors;

namespace LatentDiffusion.Checkpoints.TensorFlowJs;

/// <summary>What a TensorFlow.js model that was packed into scripts says of its weights: shards and tensors, in their order.</summary>
/// <remarks>
/// The script is an object literal, not JSON: keys have no quotes, numbers no leading zero. It is searched, not run; the
/// model's layers, which stand before the weights, are not looked at.
/// </remarks>
internal sealed partial class ScriptManifest
{
    private const string Start = "weightsManifest:";
    private const int MaxShards = 1000;

    private ScriptManifest(IReadOnlyList<string> shards, IReadOnlyList<QuantizedTensor> tensors) =>
        (Shards, Tensors) = (shards, tensors);

    /// <summary>Names of the shards, without folder and ending.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>The tensors; their data lie one behind the other.</summary>
    public IReadOnlyList<QuantizedTensor> Tensors { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long Length => Tensors[^1].Offset + Tensors[^1].Count;

    /// <exception cref="Errors.UserInputException">The file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The script has no such manifest.</exception>
    public static ScriptManifest Read(string path)
    {
        var script = ScriptText.Read(path);
        var start = script.IndexOf(Start, StringComparison.Ordinal);
        if (start < 0)
        {
            throw Wrong(path, "it has no weightsManifest");
        }

        var text = script[start..];
        var groups = PathsPattern().Matches(text);
        if (groups.Count != 1)
        {
            throw Wrong(path, $"it has {groups.Count} groups of weights where 1 is expected");
        }

        List<string> shards = [.. NamePattern().Matches(groups[0].Groups[1].Value).Select(m => m.Groups[1].Value)];
        return shards.Count is 0 or > MaxShards
            ? throw Wrong(path, $"it names {shards.Count} shards")
            : new ScriptManifest(shards, ReadTensors(path, text));
    }

    private static List<QuantizedTensor> ReadTensors(string path, string text)
    {
        List<QuantizedTensor> tensors = [];
        HashSet<string> names = [];
        var offset = 0L;
        var matches = TensorPattern().Matches(text);
        foreach (Match match in matches)
        {
            var name = match.Groups["name"].Value;
            if (!names.Add(name))
            {
                throw Wrong(path, $"tensor {OneLine.Quote(name)} is in it twice");
            }

            var (shape, count) = Shape(path, name, match.Groups["shape"].Value);
            tensors.Add(
                new QuantizedTensor(
                    name,
                    shape,
                    offset,
                    count,
                    Number(match.Groups["min"]),
                    Number(match.Groups["scale"])
                )
            );
            offset += count;
        }

        // Skipping one would shift the data of all that follow.
        var entries = EntryPattern().Count(text);
        return tensors.Count > 0 && entries == tensors.Count
            ? tensors
            : throw Wrong(
                path,
                $"{tensors.Count} of its {entries} tensors are float32 in steps of one byte (quantization uint8), the only kind that is read"
            );
    }

    private static (long[] Shape, long Count) Shape(string path, string name, string text)
    {
        try
        {
            long[] shape =
            [
                .. text.Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(size => long.Parse(size, CultureInfo.InvariantCulture)),
            ];
            var count = shape.Aggregate(1L, (product, size) => checked(product * size));
            return count is > 0 and <= int.MaxValue ? (shape, count) : throw new OverflowException();
        }
        catch (OverflowException)
        {
            throw Wrong(path, $"tensor {OneLine.Quote(name)} has the shape [{OneLine.Clean(text)}]");
        }
    }

    private static double Number(Group text) => double.Parse(text.Value, CultureInfo.InvariantCulture);

    private static CheckpointFormatException Wrong(string path, string what) =>
        new($"{path} is not the script of a TensorFlow.js model that can be read: {what}. Use an unchanged copy.");

    [GeneratedRegex(@"\{paths:\[([^\]]*)\]")]
    private static partial Regex PathsPattern();

    // Names go into paths: no folders.
    [GeneratedRegex(@"""([A-Za-z0-9_-]+)""")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\{name:""[^""]*"",shape:")]
    private static partial Regex EntryPattern();

    [GeneratedRegex(
        @"\{name:""(?<name>[^""]+)"",shape:\[(?<shape>[\d,]*)\],dtype:""float32"",quantization:\{"
            + @"min:(?<min>-?[\d.]+(?:e-?\d+)?),scale:(?<scale>[\d.]+(?:e-?\d+)?),dtype:""uint8""\}\}"
    )]
    private static partial Regex TensorPattern();
}
