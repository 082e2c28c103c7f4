using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch.Pickles;

namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>Names what nested dictionaries hold by the keys that lead there, joined by dots.</summary>
internal sealed class TensorNames
{
    private const string StateDict = "state_dict";
    private const int MaxDepth = 64;

    // One dictionary may be reached in many ways, so a small file can have more names than fit into memory.
    private const int MaxCharacters = 32_000_000;
    private const int CharactersPerEntry = 32;

    private readonly PositionalFile _file;
    private readonly OrderedDictionary<string, PickledTensor> _tensors = [];
    private readonly OrderedDictionary<string, object> _values = [];
    private int _characters;

    private TensorNames(PositionalFile file) => _file = file;

    /// <summary>Names the tensors and plain values of a file.</summary>
    /// <returns>
    /// The tensors: those of the state dict, by their names in it, when there is one at the top. And the numbers, texts and
    /// truth values of the whole file.
    /// </returns>
    /// <exception cref="CheckpointFormatException">It is no dictionary, or its names are ambiguous or too many.</exception>
    public static (
        IReadOnlyDictionary<string, PickledTensor> Tensors,
        IReadOnlyDictionary<string, object> Values
    ) Collect(PositionalFile file, object? value)
    {
        if (value is not PickleDictionary top)
        {
            var what = value switch
            {
                PickleStub stub => $"an object of {OneLine.Quote(stub.Name)}",
                PickledTensor => "a single tensor",
                _ => "a plain value",
            };
            throw new CheckpointFormatException(
                $"{file.Path}: the file holds {what} where a dictionary of tensors is expected. "
                    + "Save the state_dict() of the model instead."
            );
        }

        var names = new TensorNames(file);
        names.Walk(top);
        return (names._tensors, names._values);
    }

    private void Walk(PickleDictionary top)
    {
        var hasStateDict = top.GetValueOrDefault(StateDict) is PickleDictionary;
        Stack<Place> path = new([new Place(top, "", hasStateDict ? null : "")]);
        while (path.TryPop(out var place))
        {
            if (place.Next == place.Dictionary.Count)
            {
                continue;
            }

            path.Push(place with { Next = place.Next + 1 });
            var (key, value) = place.Dictionary.GetAt(place.Next);
            var name = Join(place.Path, key);
            switch (value)
            {
                case PickleDictionary inner:
                    Descend(inner, name, place.TensorPath is null ? null : Join(place.TensorPath, key));
                    break;
                case PickledTensor tensor when place.TensorPath is not null:
                    AddTensor(Join(place.TensorPath, key), tensor);
                    break;
                case string or long or double or bool:
                    _values.TryAdd(name, value);
                    break;
            }
        }

        void Descend(PickleDictionary inner, string name, string? tensorPath)
        {
            if (path.Count == MaxDepth)
            {
                throw _file.Damaged($"its dictionaries are nested deeper than {MaxDepth} levels");
            }

            var isStateDict = hasStateDict && path.Count == 1 && name == StateDict;
            path.Push(new Place(inner, name, isStateDict ? "" : tensorPath));
        }
    }

    private void AddTensor(string name, PickledTensor tensor)
    {
        if (!_tensors.TryAdd(name, tensor))
        {
            throw _file.Damaged($"two tensors have the name {OneLine.Quote(name)}");
        }
    }

    private string Join(string path, object key)
    {
        var last = key as string ?? ((long)key).ToString(CultureInfo.InvariantCulture);
        var length = path.Length + last.Length + CharactersPerEntry;
        if (length > MaxCharacters - _characters)
        {
            throw _file.Damaged($"the names of its entries take more than {MaxCharacters} characters");
        }

        _characters += length;
        return path.Length == 0 ? last : $"{path}.{last}";
    }

    /// <summary>How far the walk through a dictionary has come.</summary>
    /// <param name="Dictionary">The dictionary.</param>
    /// <param name="Path">The keys that lead to it.</param>
    /// <param name="TensorPath">What its tensors' names begin with, or null where tensors do not count.</param>
    /// <param name="Next">The entry to look at next.</param>
    private sealed record Place(PickleDictionary Dictionary, string Path, string? TensorPath, int Next = 0);
}
