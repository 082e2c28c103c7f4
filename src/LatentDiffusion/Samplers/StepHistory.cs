using LatentDiffusion.Diffusion;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>The predictions of earlier steps, for samplers that look back. It owns them.</summary>
/// <param name="length">How many are kept.</param>
internal sealed class StepHistory(int length) : IDisposable
{
    private readonly List<(NoiseLevel Level, Tensor Value)> _entries = [];

    /// <summary>How many there are.</summary>
    public int Count => _entries.Count;

    /// <summary>An entry; 0 is the latest.</summary>
    public (NoiseLevel Level, Tensor Value) this[int back] => _entries[^(back + 1)];

    /// <summary>Remembers a value and forgets the oldest one.</summary>
    /// <param name="level">Where it was predicted.</param>
    /// <param name="value">Borrowed; a view of it is kept, so nobody may write into it afterwards.</param>
    public void Add(NoiseLevel level, Tensor value)
    {
        _entries.Add((level, value.alias().DetachFromDisposeScope()));
        if (_entries.Count > length)
        {
            _entries[0].Value.Dispose();
            _entries.RemoveAt(0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in _entries)
        {
            value.Dispose();
        }

        _entries.Clear();
    }
}
