using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The metrics of one optimiser step: means over its batches.</summary>
/// <param name="batches">How many batches the step has.</param>
internal sealed class MeanMetrics(int batches)
{
    private readonly Dictionary<string, double> _values = [];

    /// <summary>The means, once every batch was added.</summary>
    public IReadOnlyDictionary<string, double> Values => _values;

    /// <summary>Adds a batch's value.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="value">A scalar.</param>
    public void Add(string name, Tensor value) =>
        _values[name] = _values.GetValueOrDefault(name) + value.item<float>() / (double)batches;
}
