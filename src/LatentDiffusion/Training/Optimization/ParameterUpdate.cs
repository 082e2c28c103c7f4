using static TorchSharp.torch;

namespace LatentDiffusion.Training.Optimization;

/// <summary>What happens to a network's parameters after a backward pass: clipping, schedule, optimiser.</summary>
internal sealed class ParameterUpdate : IDisposable
{
    private readonly OptimizerConfig _config;
    private readonly int _samplesPerStep;

    /// <param name="parameters">Names and live parameters; borrowed.</param>
    /// <param name="config">The settings.</param>
    /// <param name="samplesPerStep">Images per optimiser step.</param>
    public ParameterUpdate(
        IEnumerable<(string Name, Tensor Parameter)> parameters,
        OptimizerConfig config,
        int samplesPerStep
    )
    {
        _config = config;
        _samplesPerStep = samplesPerStep;
        Optimizer = new AdamW(parameters, config);
    }

    /// <summary>The optimiser, which a checkpoint keeps.</summary>
    public AdamW Optimizer { get; }

    /// <summary>How many steps the optimiser has taken.</summary>
    public long Steps => Optimizer.Steps;

    /// <inheritdoc cref="AdamW.ClearGradients"/>
    public void ClearGradients() => Optimizer.ClearGradients();

    /// <inheritdoc cref="AdamW.ParametersAreFinite"/>
    public bool ParametersAreFinite() => Optimizer.ParametersAreFinite();

    /// <summary>Moves every parameter that has a gradient.</summary>
    /// <param name="step">The number of the training step, from 0; the learning rate is a function of it.</param>
    public UpdateNumbers Step(long step)
    {
        var learningRate = _config.LearningRateAt(step, _samplesPerStep);
        return new UpdateNumbers(learningRate, Optimizer.Step(learningRate));
    }

    public void Dispose() => Optimizer.Dispose();
}

/// <summary>What the log says about an update.</summary>
/// <param name="LearningRate">The step's learning rate.</param>
/// <param name="GradientNorm">The L2 norm of all gradients before clipping; null when they are not clipped.</param>
internal readonly record struct UpdateNumbers(double LearningRate, double? GradientNorm);
