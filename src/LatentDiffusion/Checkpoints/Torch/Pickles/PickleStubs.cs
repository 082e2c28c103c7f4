using LatentDiffusion.Checkpoints.Safetensors;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>The classes and functions that the pickles of a file named and that are not known here.</summary>
internal sealed class PickleStubs
{
    private const int MaxNameLength = 1024;

    // A pickle can join a few texts to any number of names, and each takes memory.
    private const int MaxCount = 10_000;

    private readonly Dictionary<string, PickleStub> _byName = [];

    /// <summary>Their names, sorted and fit for a message.</summary>
    public IReadOnlyList<string> Names =>
        [.. _byName.Keys.Select(OneLine.Clean).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What is known by a name, or else the stub for it.</summary>
    public object Find(PickleInput input, string module, string name)
    {
        if (module.Length > MaxNameLength || name.Length > MaxNameLength)
        {
            throw input.Damaged($"the pickle names a class with more than {MaxNameLength} characters");
        }

        var full = $"{module}.{name}";
        if (KnownGlobal.Find(full) is { } known)
        {
            return known;
        }

        if (!_byName.TryGetValue(full, out var stub))
        {
            if (_byName.Count == MaxCount)
            {
                throw input.Damaged($"the pickle names more than {MaxCount} classes");
            }

            _byName.Add(full, stub = new PickleStub(full, []));
        }

        return stub;
    }
}
