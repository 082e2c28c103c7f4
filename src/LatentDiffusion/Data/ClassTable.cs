namespace LatentDiffusion.Data;

/// <summary>Numbers classes by the order of their names.</summary>
internal sealed class ClassTable
{
    private readonly Dictionary<string, int> _ids;

    /// <summary>
    /// Takes the class names of all images; repeats and nulls are fine. Names that are all whole numbers are ordered as
    /// numbers (class 10 after class 9), others ordinally, so that ids do not depend on the machine's language.
    /// </summary>
    public ClassTable(IEnumerable<string?> names)
    {
        var distinct = names.OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        Names = distinct.TrueForAll(name => long.TryParse(name, out _))
            ? [.. distinct.OrderBy(long.Parse).ThenBy(name => name, StringComparer.Ordinal)]
            : [.. distinct.Order(StringComparer.Ordinal)];
        _ids = Names.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
    }

    public IReadOnlyList<string> Names { get; }

    public int? IdOf(string? name) => name is null ? null : _ids[name];
}
