using LatentDiffusion.Checkpoints.Safetensors;

namespace LatentDiffusion.Checkpoints;

/// <summary>How the tensors of a file compare with those that a model has.</summary>
/// <param name="Missing">Names that the model has and the file has not.</param>
/// <param name="Unexpected">Names that the file has and the model has not.</param>
/// <param name="Misshaped">Tensors of different shapes, each as its name and both shapes.</param>
public sealed record TensorReport(
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected,
    IReadOnlyList<string> Misshaped
)
{
    /// <summary>How many names of each kind are shown to people.</summary>
    public const int NamesShown = 10;

    /// <summary>Whether all names and shapes agree.</summary>
    public bool IsMatch => Missing.Count + Unexpected.Count + Misshaped.Count == 0;

    /// <summary>Compares names and shapes.</summary>
    /// <param name="found">Those of the file.</param>
    /// <param name="expected">Those of the model.</param>
    /// <param name="isExpected">Which further names of the file are unexpected; by default all.</param>
    public static TensorReport Compare(
        IReadOnlyDictionary<string, IReadOnlyList<long>> found,
        IReadOnlyDictionary<string, IReadOnlyList<long>> expected,
        Func<string, bool>? isExpected = null
    )
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(expected);
        return new TensorReport(
            [.. expected.Keys.Where(n => !found.ContainsKey(n)).Select(OneLine.Clean)],
            [
                .. found
                    .Keys.Where(n => !expected.ContainsKey(n) && isExpected?.Invoke(n) != false)
                    .Select(OneLine.Clean),
            ],
            [
                .. expected
                    .Where(t => found.TryGetValue(t.Key, out var shape) && !shape.SequenceEqual(t.Value))
                    .Select(t => $"{OneLine.Clean(t.Key)} {Brief(found[t.Key])} instead of {Brief(t.Value)}"),
            ]
        );
    }

    /// <summary>The report in lines: for each kind the number, and at most <see cref="NamesShown"/> names.</summary>
    public IEnumerable<string> Lines() =>
        Lines("missing", Missing).Concat(Lines("unexpected", Unexpected)).Concat(Lines("of another shape", Misshaped));

    /// <summary>The report in one line, with a few names of each kind.</summary>
    internal string InOneLine()
    {
        const int Shown = 3;
        return string.Join(
            "; ",
            new[] { ("missing", Missing), ("of another shape", Misshaped), ("unexpected", Unexpected) }
                .Where(kind => kind.Item2.Count > 0)
                .Select(kind =>
                    $"{kind.Item2.Count} tensors {kind.Item1} ({string.Join(", ", kind.Item2.Take(Shown))}"
                    + (kind.Item2.Count > Shown ? ", ...)" : ")")
                )
        );
    }

    private static string Brief(IEnumerable<long> shape) => $"[{string.Join(",", shape)}]";

    private static IEnumerable<string> Lines(string kind, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            yield break;
        }

        yield return $"{names.Count} tensors {kind}:";
        foreach (var name in names.Take(NamesShown))
        {
            yield return $"  {name}";
        }

        if (names.Count > NamesShown)
        {
            yield return $"  ... and {names.Count - NamesShown} more";
        }
    }
}
