using LatentDiffusion.Kernels.Normalization;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>A differentiable group normalisation, with or without SiLU behind it.</summary>
internal static unsafe class GroupNormOperator
{
    /// <summary>Whether the kernel can do it.</summary>
    public static bool Fits(KernelSet kernels, Tensor x) =>
        Gradients.IsKernelMemory(x) && x.dim() == 4 && x.shape[1] % kernels.Width == 0 && x.numel() > 0;

    /// <summary>Normalises.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, C, H, W], any layout; channels-last is not copied.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="silu">Whether SiLU follows.</param>
    /// <param name="overwrite">Whether the result may take the place of <paramref name="x"/>, where gradients allow it.</param>
    /// <returns>[B, C, H, W], channels-last.</returns>
    public static Tensor Apply(
        KernelSet kernels,
        Tensor x,
        Tensor weight,
        Tensor bias,
        int groups,
        double epsilon,
        bool silu,
        bool overwrite = false
    )
    {
        var settings = new Settings(kernels, groups, epsilon, silu);
        if (Gradients.Needed(x, weight, bias))
        {
            return Function.apply(settings, x, weight, bias);
        }

        using var scope = NewDisposeScope();
        return Forward(settings, x, weight, bias, overwrite).Result.MoveToOuterDisposeScope();
    }

    /// <summary><see cref="Apply"/> with known statistics, the same for every image; not differentiable.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, C, H, W], any layout; channels-last is not copied.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="mean">One per group.</param>
    /// <param name="inverse">One per group: 1 / sqrt(variance + epsilon).</param>
    /// <param name="silu">Whether SiLU follows.</param>
    /// <param name="overwrite">Whether the result may take the place of <paramref name="x"/>.</param>
    /// <returns>[B, C, H, W], channels-last.</returns>
    public static Tensor ApplyKnown(
        KernelSet kernels,
        Tensor x,
        Tensor weight,
        Tensor bias,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> inverse,
        bool silu,
        bool overwrite
    )
    {
        using var pixels = ChannelsLast.Pixels(x);
        using var result = overwrite ? pixels.alias() : TensorMemory.Empty(pixels.shape);

        // Every image has the same statistics, so that the batch is one long image.
        var shape = Shape(x, mean.Length) with
        {
            Batch = 1,
            Pixels = (int)(x.shape[0] * x.shape[2] * x.shape[3]),
        };
        fixed (float* means = mean)
        fixed (float* inverses = inverse)
        {
            kernels.Normalize(
                shape,
                TensorMemory.Floats(pixels),
                TensorMemory.Floats(weight),
                TensorMemory.Floats(bias),
                means,
                inverses,
                silu,
                TensorMemory.Floats(result)
            );
        }

        return ChannelsLast.Map(result);
    }

    /// <summary>Mean and variance of each group of channels of one image.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[1, C, H, W], any layout; channels-last is not copied.</param>
    /// <param name="mean">Written, one per group.</param>
    /// <param name="variance">Written, one per group.</param>
    public static void Measure(KernelSet kernels, Tensor x, Span<double> mean, Span<double> variance)
    {
        using var pixels = ChannelsLast.Pixels(x);
        fixed (double* means = mean)
        fixed (double* variances = variance)
        {
            kernels.MeasureGroups(Shape(x, mean.Length), TensorMemory.Floats(pixels), means, variances);
        }
    }

    private static NormalizationShape Shape(Tensor x, int groups) =>
        new((int)x.shape[0], (int)(x.shape[2] * x.shape[3]), (int)x.shape[1], groups);

    private static (Tensor Result, Tensor Mean, Tensor Inverse) Forward(
        Settings settings,
        Tensor x,
        Tensor weight,
        Tensor bias,
        bool overwrite = false
    )
    {
        var shape = Shape(x, settings.Groups);
        using var pixels = ChannelsLast.Pixels(x);
        using var result = overwrite ? pixels.alias() : TensorMemory.Empty(pixels.shape);
        var mean = empty(shape.Batch, shape.Groups);
        var inverse = empty(shape.Batch, shape.Groups);
        settings.Kernels.GroupNorm(
            shape,
            TensorMemory.Floats(pixels),
            TensorMemory.Floats(weight),
            TensorMemory.Floats(bias),
            settings.Epsilon,
            settings.Silu,
            TensorMemory.Floats(result),
            TensorMemory.Floats(mean),
            TensorMemory.Floats(inverse)
        );
        return (ChannelsLast.Map(result), mean, inverse);
    }

    private sealed record Settings(KernelSet Kernels, int Groups, double Epsilon, bool Silu);

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(GroupNormOperator);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var settings = (Settings)vars[0];
            var (x, weight, bias) = ((Tensor)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
            var (result, mean, inverse) = Forward(settings, x, weight, bias);
            ctx.save_for_backward([x, weight, bias, mean, inverse]);
            ctx.save_data("settings", settings);
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            BackwardPass.Run(grad_output, () => InputGradients(ctx, grad_output));

        private static Tensor?[] InputGradients(autograd.AutogradContext ctx, Tensor outputGradient)
        {
            var settings = (Settings)ctx.get_data("settings");
            var saved = ctx.get_saved_variables();
            var pixels = ChannelsLast.Pixels(saved[0]);
            var gradient = ChannelsLast.Pixels(outputGradient);
            var (weight, bias) = (saved[1], saved[2]);
            var xGradient = TensorMemory.Empty(pixels.shape);
            var (weightGradient, biasGradient) = (empty_like(weight), empty_like(bias));
            settings.Kernels.GroupNormGradient(
                Shape(saved[0], settings.Groups),
                TensorMemory.Floats(pixels),
                TensorMemory.Floats(gradient),
                TensorMemory.Floats(weight),
                TensorMemory.Floats(bias),
                settings.Silu,
                TensorMemory.Floats(saved[3]),
                TensorMemory.Floats(saved[4]),
                TensorMemory.Floats(xGradient),
                TensorMemory.Floats(weightGradient),
                TensorMemory.Floats(biasGradient)
            );
            return [null, ChannelsLast.Map(xGradient), weightGradient, biasGradient];
        }
    }
}
