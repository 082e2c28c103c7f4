using static TorchSharp.torch;

namespace LatentDiffusion.Training.Optimization;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) with PyTorch's arithmetic, Adam where the weight decay is 0. Its state is named
/// by parameter, so that a resumed run continues bit for bit.
/// </summary>
/// <remarks>TorchSharp's own defaults to a weight decay of 0 (PyTorch: 1e-2) and keeps its state by position.</remarks>
public sealed class AdamW : IDisposable
{
    private readonly OptimizerConfig _config;
    private readonly List<Entry> _entries = [];

    /// <summary>Creates the optimiser with zero moments.</summary>
    /// <param name="parameters">Names and live parameters; borrowed.</param>
    /// <param name="config">Learning rate, betas, epsilon, weight decay.</param>
    public AdamW(IEnumerable<(string Name, Tensor Parameter)> parameters, OptimizerConfig config)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _config = config;
        foreach (var (name, parameter) in parameters)
        {
            _entries.Add(
                new Entry(
                    name,
                    parameter,
                    zeros_like(parameter).DetachFromDisposeScope(),
                    zeros_like(parameter).DetachFromDisposeScope()
                )
            );
        }
    }

    /// <summary>How many steps were taken; restored when a run resumes.</summary>
    public long Steps { get; set; }

    /// <summary>First and second moments by name: "exp_avg.NAME" and "exp_avg_sq.NAME".</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State =>
        _entries.SelectMany(e =>
            new[]
            {
                KeyValuePair.Create($"exp_avg.{e.Name}", e.Mean),
                KeyValuePair.Create($"exp_avg_sq.{e.Name}", e.Square),
            }
        );

    /// <summary>Forgets the gradients of the last step.</summary>
    public void ClearGradients()
    {
        foreach (var entry in _entries)
        {
            entry.Parameter.grad = null;
        }
    }

    /// <summary>Whether every element of every parameter is a finite number.</summary>
    public bool ParametersAreFinite()
    {
        using var scope = NewDisposeScope();
        return _entries.All(entry => entry.Parameter.isfinite().all().item<bool>());
    }

    /// <summary>Moves every parameter that has a gradient.</summary>
    public void Step()
    {
        Steps++;
        using var noGradient = no_grad();
        var stepSize = _config.LearningRate / (1 - Math.Pow(_config.Beta1, Steps));
        var rootCorrection = Math.Sqrt(1 - Math.Pow(_config.Beta2, Steps));
        foreach (var (_, parameter, mean, square) in _entries)
        {
            using var gradient = parameter.grad;
            if (gradient is null)
            {
                continue;
            }

            if (_config.WeightDecay > 0)
            {
                parameter.mul_(1 - _config.LearningRate * _config.WeightDecay);
            }

            mean.mul_(_config.Beta1).add_(gradient, alpha: 1 - _config.Beta1);
            square.mul_(_config.Beta2).addcmul_(gradient, gradient, value: 1 - _config.Beta2);
            using var root = square.sqrt();
            parameter.addcdiv_(mean, root.div_(rootCorrection).add_(_config.Epsilon), value: -stepSize);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var entry in _entries)
        {
            entry.Mean.Dispose();
            entry.Square.Dispose();
        }
    }

    private sealed record Entry(string Name, Tensor Parameter, Tensor Mean, Tensor Square);
}
