using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>
/// Mean and variance of each group of channels over one map that is seen in parts, as <see cref="GroupNormalization"/> wants
/// them. Which parts it was cut into makes no difference but rounding.
/// </summary>
internal sealed class GroupStatistics
{
    private readonly double[] _mean;

    // Sums of squared distances from the mean.
    private readonly double[] _squares;
    private double _count;

    /// <summary>Statistics of nothing yet.</summary>
    /// <param name="groups">Groups of channels.</param>
    public GroupStatistics(int groups)
    {
        _mean = new double[groups];
        _squares = new double[groups];
    }

    /// <summary>Takes in a part of the map.</summary>
    /// <param name="part">[1, C, h, w].</param>
    public void Add(Tensor part)
    {
        Span<double> mean = stackalloc double[_mean.Length];
        Span<double> variance = stackalloc double[_mean.Length];
        Measure(part, mean, variance);
        var count = (double)part.numel() / _mean.Length;
        var total = _count + count;
        for (var group = 0; group < _mean.Length; group++)
        {
            // Chan's rule for the moments of a union: nothing cancels.
            var distance = mean[group] - _mean[group];
            _mean[group] += distance * count / total;
            _squares[group] += variance[group] * count + distance * distance * _count * count / total;
        }

        _count = total;
    }

    /// <summary>What the normalisation makes of a part of the map.</summary>
    /// <param name="input">[B, C, h, w].</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="silu">Whether SiLU follows.</param>
    /// <param name="overwrite">Whether the result may take the place of <paramref name="input"/>.</param>
    /// <returns>[B, C, h, w].</returns>
    public Tensor Normalize(Tensor input, Tensor weight, Tensor bias, double epsilon, bool silu, bool overwrite)
    {
        if (Gradients.Needed(input, weight, bias))
        {
            throw new InvalidOperationException("Normalising with given statistics is for inference: use no_grad.");
        }

        var inverse = _squares.Select(s => 1 / Math.Sqrt(s / _count + epsilon)).ToArray();
        if (KernelSet.Current is { } kernels && GroupNormOperator.Fits(kernels, input))
        {
            return GroupNormOperator.ApplyKnown(
                kernels,
                input,
                weight,
                bias,
                Array.ConvertAll(_mean, m => (float)m),
                Array.ConvertAll(inverse, i => (float)i),
                silu,
                overwrite
            );
        }

        using var scope = NewDisposeScope();
        var normalized = input
            .sub(PerChannel(_mean, input))
            .mul_(PerChannel(inverse, input).mul_(weight.view(1, -1, 1, 1)))
            .PlusInPlace(bias.view(1, -1, 1, 1));
        return (silu ? nn.functional.silu(normalized) : normalized).MoveToOuterDisposeScope();
    }

    private static void Measure(Tensor part, Span<double> mean, Span<double> variance)
    {
        if (KernelSet.Current is { } kernels && GroupNormOperator.Fits(kernels, part))
        {
            GroupNormOperator.Measure(kernels, part, mean, variance);
            return;
        }

        using var scope = NewDisposeScope();
        var groups = part.to(float64).reshape(mean.Length, -1);
        var average = groups.mean([1], keepdim: true);
        average.cpu().data<double>().ToArray().CopyTo(mean);
        groups.sub(average).pow_(Scalars.Of(2)).mean([1]).cpu().data<double>().ToArray().CopyTo(variance);
    }

    private static Tensor PerChannel(double[] perGroup, Tensor input) =>
        tensor(perGroup, dtype: input.dtype, device: input.device)
            .repeat_interleave(input.shape[1] / perGroup.Length)
            .view(1, -1, 1, 1);
}
