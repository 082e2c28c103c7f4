using System.Text.Json;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>Weights in several files, with an index (<c>*.index.json</c>) that says which tensor is in which.</summary>
/// <remarks>
/// Index and files must agree exactly: every tensor is where the index says, and there are no others. Files are named
/// without folders and lie beside the index.
/// </remarks>
public sealed class ShardedWeights : IWeights
{
    private const int MaxIndexLength = 64 * 1024 * 1024;
    private const int MaxShards = 10_000;

    private readonly Dictionary<string, IWeights> _shards = [];
    private readonly Dictionary<string, IWeights> _shardOf = [];

    private ShardedWeights(string path)
    {
        Path = path;
        var map = ReadIndex(path);
        try
        {
            Open(map);
        }
        catch
        {
            Dispose();
            throw;
        }

        Shapes = map.Keys.ToDictionary(name => name, name => _shardOf[name].Shapes[name]);
        var metadata = new Dictionary<string, string>();
        foreach (var (key, value) in _shards.Values.SelectMany(shard => shard.Metadata))
        {
            metadata.TryAdd(key, value);
        }

        Metadata = metadata;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>The files, by their names.</summary>
    public IReadOnlyCollection<string> Shards => _shards.Keys;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    /// <summary>The free texts of all files; where they differ, the first file's.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens all files that an index names.</summary>
    /// <param name="path">The index.</param>
    /// <exception cref="UserInputException">A file is missing or may not be read.</exception>
    /// <exception cref="CheckpointFormatException">The index is none, a file is damaged, or they do not agree.</exception>
    public static ShardedWeights Open(string path) => new(path);

    /// <inheritdoc/>
    public ScalarType? TypeOf(string name) => ShardOf(name).TypeOf(name);

    /// <inheritdoc/>
    public Tensor Read(string name) => ShardOf(name).Read(name);

    /// <inheritdoc/>
    public void ReadInto(string name, Tensor target) => ShardOf(name).ReadInto(name, target);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
        {
            shard.Dispose();
        }
    }

    private IWeights ShardOf(string name) =>
        _shardOf.GetValueOrDefault(name)
        ?? throw new UserInputException($"{Path}: there is no tensor {OneLine.Quote(name)} in these files.");

    private void Open(Dictionary<string, string> map)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        foreach (var name in map.Values.Distinct())
        {
            _shards.Add(name, WeightsFile.OpenSingle(System.IO.Path.Combine(folder, name)));
        }

        foreach (var (tensor, file) in map)
        {
            _shardOf[tensor] = _shards[file].Shapes.ContainsKey(tensor)
                ? _shards[file]
                : throw Wrong($"tensor {OneLine.Quote(tensor)} is not in {file}");
        }

        foreach (var (file, shard) in _shards)
        {
            if (shard.Shapes.Keys.FirstOrDefault(t => map.GetValueOrDefault(t) != file) is { } stranger)
            {
                throw Wrong($"{file} holds tensor {OneLine.Quote(stranger)}, which the index does not expect there");
            }
        }
    }

    private Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxIndexLength)
            {
                throw Wrong($"it takes more than {MaxIndexLength} bytes");
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (
                json.RootElement.ValueKind != JsonValueKind.Object
                || !json.RootElement.TryGetProperty("weight_map", out var entries)
                || entries.ValueKind != JsonValueKind.Object
            )
            {
                throw Wrong("it has no weight_map");
            }

            return Map(entries);
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException($"{path}: the index is not JSON: {OneLine.Clean(e.Message)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path} cannot be read: {OneLine.Clean(e.Message)}", e);
        }
    }

    private Dictionary<string, string> Map(JsonElement entries)
    {
        Dictionary<string, string> map = [];
        foreach (var entry in entries.EnumerateObject())
        {
            var file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (file is "" or "." or ".." || file.AsSpan().ContainsAny('/', '\\', ':') || file.Any(char.IsControl))
            {
                throw Wrong(
                    $"it looks for tensor {OneLine.Quote(entry.Name)} in {OneLine.Quote(file)}, not a file beside it"
                );
            }

            if (!map.TryAdd(entry.Name, file))
            {
                throw Wrong($"tensor {OneLine.Quote(entry.Name)} is in it twice");
            }
        }

        if (map.Count == 0)
        {
            throw Wrong("it names no tensors");
        }

        return map.Values.Distinct().Count() <= MaxShards ? map : throw Wrong($"it names more than {MaxShards} files");
    }

    private CheckpointFormatException Wrong(string what) =>
        new($"{Path}: the index of the weights is wrong: {what}. Copy or download all files again.");
}
