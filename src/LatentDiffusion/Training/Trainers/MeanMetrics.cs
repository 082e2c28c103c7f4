using LatentDiffusion.Training.Optimization;
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
    public void Add(string name, Tensor value) => Add(name, value.item<float>());

    /// <summary>Adds a batch's value.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="value">The value.</param>
    public void Add(string name, double value) => _values[name] = _values.GetValueOrDefault(name) + value / batches;

    /// <summary>Sets a value of the whole step.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="value">The value.</param>
    public void Set(string name, double value) => _values[name] = value;

    /// <summary>Adds what an optimiser did after all batches.</summary>
    /// <param name="update">The numbers.</param>
    /// <param name="prefix">Put before the metrics' names, for a second network: for example "discriminator_".</param>
    public void Add(UpdateNumbers update, string prefix = "")
    {
        _values[prefix + "learning_rate"] = update.LearningRate;
        if (update.GradientNorm is { } norm)
        {
            _values[prefix + "gradient_norm"] = norm;
        }
    }
}
