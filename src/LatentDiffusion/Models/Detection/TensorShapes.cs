namespace LatentDiffusion.Models.Detection;

/// <summary>Names and shapes of the tensors below a prefix: all that detection sees of a checkpoint.</summary>
internal sealed class TensorShapes
{
    private readonly IReadOnlyDictionary<string, IReadOnlyList<long>> _shapes;
    private readonly string _prefix;
    private readonly HashSet<string> _groups = [];

    public TensorShapes(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, string prefix = "")
    {
        (_shapes, _prefix) = (shapes, prefix);
        foreach (var name in shapes.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            for (var dot = name.IndexOf('.', prefix.Length); dot >= 0; dot = name.IndexOf('.', dot + 1))
            {
                _groups.Add(name[prefix.Length..dot]);
            }
        }
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Has(string name) => _shapes.ContainsKey(_prefix + name);

    /// <summary>Whether there is any tensor below this name.</summary>
    public bool HasGroup(string name) => _groups.Contains(name);

    /// <summary>How many of the groups name.0, name.1, ... there are.</summary>
    public int Count(string name)
    {
        var count = 0;
        while (HasGroup(FormattableString.Invariant($"{name}.{count}")))
        {
            count++;
        }

        return count;
    }

    /// <summary>One size of a tensor; null where there is no such tensor or axis, or it is beyond reason.</summary>
    public int? Size(string name, int axis) =>
        _shapes.TryGetValue(_prefix + name, out var shape)
        && axis < shape.Count
        && shape[axis] is > 0 and < int.MaxValue
            ? (int)shape[axis]
            : null;
}
