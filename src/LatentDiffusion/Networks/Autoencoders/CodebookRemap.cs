using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>What becomes of a code that a <see cref="CodebookRemap"/> does not list.</summary>
public readonly record struct UnknownIndex
{
    private UnknownIndex(bool isExtra, int? index)
    {
        IsExtra = isExtra;
        Index = index;
    }

    /// <summary>It becomes a random one of the listed codes, each time anew.</summary>
    public static UnknownIndex Random => default;

    /// <summary>It becomes an index of its own, one beyond the last listed code; on the way back, the first listed code.</summary>
    public static UnknownIndex Extra => new(isExtra: true, index: null);

    internal bool IsExtra { get; }

    internal int? Index { get; }

    /// <summary>It becomes one certain index.</summary>
    /// <param name="index">A position in the list of used codes.</param>
    public static UnknownIndex Fixed(int index) => new(isExtra: false, index);
}

/// <summary>
/// The codes of a codebook that are in use, numbered anew from 0 in the order of the list, for models that predict
/// indices: of a large codebook often only a part is ever chosen.
/// </summary>
public sealed class CodebookRemap
{
    private readonly int[] _used;

    /// <summary>Creates the table.</summary>
    /// <param name="used">The codes in use: numbers of codebook entries, each once.</param>
    /// <param name="unknown">What becomes of all other codes; a random listed code if not given.</param>
    /// <exception cref="UserInputException">
    /// The list is empty, has a code twice or a negative one, or the fixed index is not one of its positions.
    /// </exception>
    public CodebookRemap(IEnumerable<int> used, UnknownIndex unknown = default)
    {
        _used = [.. used];
        if (_used.Length == 0)
        {
            throw new UserInputException("The remap lists no code: list the codes that are in use.");
        }

        HashSet<int> seen = [];
        foreach (var code in _used)
        {
            if (code < 0 || !seen.Add(code))
            {
                var problem = code < 0 ? "which is negative" : "more than once";
                throw new UserInputException($"The remap lists code {code}, {problem}: list every used code once.");
            }
        }

        if (unknown.Index is { } index && (index < 0 || index >= _used.Length))
        {
            throw new UserInputException(
                $"The remap's index for unknown codes is {index}: choose one from 0 to {_used.Length - 1}, the positions "
                    + "of the listed codes."
            );
        }

        Count = _used.Length + (unknown.IsExtra ? 1 : 0);
        IndexOfUnknown = unknown.IsExtra ? _used.Length : unknown.Index;
    }

    /// <summary>The codes in use, by their new index.</summary>
    public IReadOnlyList<int> Used => _used;

    /// <summary>How many different indices there are after remapping, the extra one included.</summary>
    public int Count { get; }

    /// <summary>The index of codes that are not listed; null if it is drawn at random.</summary>
    internal int? IndexOfUnknown { get; }

    /// <summary>Whether there is an index that stands for no listed code.</summary>
    internal bool HasExtraIndex => Count > _used.Length;

    /// <summary>Reads the list of used codes from a NumPy file, as the reference does.</summary>
    /// <param name="path">A <c>.npy</c> file with a one-dimensional array of int32 or int64.</param>
    /// <param name="unknown">What becomes of all other codes; a random listed code if not given.</param>
    /// <exception cref="UserInputException">The file is missing, of another kind, or its list is not usable.</exception>
    public static CodebookRemap Read(string path, UnknownIndex unknown = default) =>
        new(NumpyIndices.Read(path), unknown);
}
