using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.TensorFlowJs;

/// <summary>
/// Weights of a TensorFlow.js layers model that a package ships as scripts: <c>model.min.js</c> with the manifest and, beside
/// it, shards (<c>group1-shard1of6.min.js</c>) with the data as base64.
/// </summary>
/// <remarks>Names and layouts are the model's: kernels are [height, width, input, output].</remarks>
public sealed partial class ScriptWeights : IWeights
{
    private const string Ending = ".min.js";

    private readonly Dictionary<string, QuantizedTensor> _tensors;
    private readonly byte[] _data;

    private ScriptWeights(string path, ScriptManifest manifest)
    {
        Path = path;
        _tensors = manifest.Tensors.ToDictionary(tensor => tensor.Name);
        Shapes = manifest.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        _data = ReadShards(path, manifest);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Opens a model and reads all of its shards.</summary>
    /// <param name="path">The script with the manifest.</param>
    /// <exception cref="UserInputException">A file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">A file is no such script, or they do not fit together.</exception>
    public static ScriptWeights Open(string path) => new(path, ScriptManifest.Read(path));

    /// <inheritdoc/>
    public ScalarType? TypeOf(string name)
    {
        _ = Find(name);
        return ScalarType.Float32;
    }

    /// <inheritdoc/>
    public Tensor Read(string name)
    {
        var entry = Find(name);
        using var scope = NewDisposeScope();
        var steps = empty([.. entry.Shape], uint8, CPU);
        TensorMemory.ForEachPiece(
            steps,
            (piece, offset) => _data.AsSpan((int)(entry.Offset + offset), piece.Length).CopyTo(piece)
        );
        // In double precision, as JavaScript computes.
        return steps
            .to(float64)
            .mul_(Scalars.Of(entry.Scale))
            .add_(Scalars.Of(entry.Min))
            .to(float32)
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void ReadInto(string name, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        TargetTensor.RequireShape(Path, name, Find(name).Shape, target);
        using var source = Read(name);
        TargetTensor.Fill(target, source, Path, name, "float32");
    }

    /// <summary>Does nothing: the files are closed already.</summary>
    public void Dispose() { }

    private QuantizedTensor Find(string name) =>
        _tensors.GetValueOrDefault(name)
        ?? throw new UserInputException($"{Path}: there is no tensor {OneLine.Quote(name)} in this model.");

    private static byte[] ReadShards(string path, ScriptManifest manifest)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var data = new MemoryStream();
        foreach (var shard in manifest.Shards)
        {
            data.Write(ReadShard(System.IO.Path.Combine(folder, shard + Ending)));
        }

        return data.Length == manifest.Length
            ? data.ToArray()
            : throw new CheckpointFormatException(
                $"{path}: its shards hold {data.Length} bytes, its tensors take {manifest.Length}. Copy all files of the model again."
            );
    }

    private static byte[] ReadShard(string path)
    {
        // Other literals of the script are a few letters.
        var text = LiteralPattern().Matches(ScriptText.Read(path)).MaxBy(match => match.Length)?.Groups[1].Value ?? "";
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw new CheckpointFormatException($"{path}: its data are not base64. Copy the file again.", e);
        }
    }

    [GeneratedRegex(@"exports=""([A-Za-z0-9+/=]+)""")]
    private static partial Regex LiteralPattern();
}
