using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Kernels.Optimization;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Optimization;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) with PyTorch's arithmetic, Adam where the weight decay is 0. Its state is named
/// by parameter, so that a resumed run continues bit for bit.
/// </summary>
/// <remarks>TorchSharp's own defaults to a weight decay of 0 (PyTorch: 1e-2) and keeps its state by position.</remarks>
public sealed class AdamW : IDisposable
{
    // That of torch.nn.utils.clip_grad_norm_.
    private const double NormEpsilon = 1e-6;

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

    /// <summary>Moves every parameter that has a gradient, at the configured learning rate.</summary>
    public void Step() => Step(_config.LearningRate);

    /// <summary>
    /// Moves every parameter that has a gradient. With a configured clip norm, gradients count as if multiplied by
    /// clip norm / (norm + 1e-6) where that is below 1, as torch.nn.utils.clip_grad_norm_ does.
    /// </summary>
    /// <param name="learningRate">The learning rate of this step.</param>
    /// <returns>The L2 norm of all gradients together, before clipping; null without a clip norm.</returns>
    public double? Step(double learningRate)
    {
        Steps++;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var moved = _entries
            .Select(e => (e.Parameter, Gradient: e.Parameter.grad, e.Mean, e.Square))
            .Where(e => e.Gradient is not null)
            .Select(e => (e.Parameter, Gradient: e.Gradient!.contiguous(), e.Mean, e.Square))
            .ToList();
        var kernels = moved.All(e => CanUseKernels(e.Parameter, e.Gradient)) ? KernelSet.Current : null;
        double? norm = _config.ClipNorm is null ? null : Norm(kernels, [.. moved.Select(e => e.Gradient)]);
        var coefficients = new AdamCoefficients(
            Keep: 1 - learningRate * _config.WeightDecay,
            _config.Beta1,
            _config.Beta2,
            StepSize: learningRate / (1 - Math.Pow(_config.Beta1, Steps)),
            RootCorrection: Math.Sqrt(1 - Math.Pow(_config.Beta2, Steps)),
            _config.Epsilon,
            // A norm that is no number stays none: the loop then finds weights that are not finite.
            GradientScale: norm is { } length ? Math.Min(1, _config.ClipNorm!.Value / (length + NormEpsilon)) : 1
        );
        if (kernels is not null)
        {
            ParameterPasses.AdamStep(kernels, coefficients, moved);
            return norm;
        }

        foreach (var (parameter, gradient, mean, square) in moved)
        {
            MovePlainly(coefficients, parameter, gradient, mean, square);
        }

        return norm;
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

    private static double Norm(KernelSet? kernels, IReadOnlyList<Tensor> gradients)
    {
        if (gradients.Count == 0)
        {
            return 0;
        }

        return kernels is not null
            ? ParameterPasses.Norm(kernels, gradients)
            : stack(gradients.Select(g => g.norm())).norm().item<float>();
    }

    private static bool CanUseKernels(Tensor parameter, Tensor gradient) =>
        ParameterPasses.Fits(parameter) && ParameterPasses.Fits(gradient);

    private static void MovePlainly(
        AdamCoefficients coefficients,
        Tensor parameter,
        Tensor gradient,
        Tensor mean,
        Tensor square
    )
    {
        gradient = coefficients.GradientScale == 1 ? gradient : gradient.mul(Scalars.Of(coefficients.GradientScale));
        parameter.mul_(Scalars.Of(coefficients.Keep));
        mean.mul_(Scalars.Of(coefficients.Beta1)).add_(gradient, alpha: Scalars.Of(1 - coefficients.Beta1));
        square
            .mul_(Scalars.Of(coefficients.Beta2))
            .addcmul_(gradient, gradient, value: Scalars.Of(1 - coefficients.Beta2));
        using var root = square.sqrt();
        parameter.addcdiv_(
            mean,
            root.div_(Scalars.Of(coefficients.RootCorrection)).add_(Scalars.Of(coefficients.Epsilon)),
            value: Scalars.Of(-coefficients.StepSize)
        );
    }

    private sealed record Entry(string Name, Tensor Parameter, Tensor Mean, Tensor Square);
}
