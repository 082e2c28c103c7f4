namespace LatentDiffusion.Checkpoints.Torch.Pickles;

// Numbers, texts and None are .NET's own; a tuple is an object[], a list a List. These are classes, not records: values
// may contain themselves, and a record would follow them to compare, hash or print.

/// <summary>
/// A dictionary, in the order of insertion. Keys are string or long; entries with other keys are left out, since no
/// tensor's name can lead through them, and so are those with keys that it would take long to hash.
/// </summary>
internal sealed class PickleDictionary : OrderedDictionary<object, object?>
{
    private const int MaxKeyLength = 1024;

    /// <summary>Sets the values of alternating keys and values.</summary>
    public void SetAll(ReadOnlySpan<object?> pairs)
    {
        for (var i = 0; i + 1 < pairs.Length; i += 2)
        {
            if (pairs[i] is long or string { Length: <= MaxKeyLength })
            {
                this[pairs[i]!] = pairs[i + 1];
            }
        }
    }
}

/// <summary>A set; its members are not kept, since nothing asks for them.</summary>
internal sealed class PickleSet;

/// <summary>A class or function that a pickle named, or what calling it would have given. It does nothing.</summary>
internal sealed class PickleStub(string name, object?[] arguments)
{
    /// <summary>Module and name, joined by a dot.</summary>
    public string Name { get; } = name;

    /// <summary>What it was called with; empty for the class or function itself.</summary>
    public IReadOnlyList<object?> Arguments { get; } = arguments;
}
