using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Normalization;

/// <summary>Group normalisation of channels-last maps, with or without SiLU behind it, in two passes over memory.</summary>
internal static unsafe class GroupNormKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>y = silu(weight (x - mean) / sqrt(variance + epsilon) + bias).</summary>
    /// <param name="shape">Sizes; channels are a multiple of the register width.</param>
    /// <param name="x">[B, pixels, C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="silu">Whether SiLU follows.</param>
    /// <param name="y">[B, pixels, C]; may be <paramref name="x"/>.</param>
    /// <param name="mean">[B, groups], written.</param>
    /// <param name="inverse">[B, groups], written: 1 / sqrt(variance + epsilon).</param>
    public static void Forward(
        NormalizationShape shape,
        float* x,
        float* weight,
        float* bias,
        double epsilon,
        bool silu,
        float* y,
        float* mean,
        float* inverse
    )
    {
        var statistics = new double[2 * shape.Batch * shape.Groups];
        fixed (double* means = statistics)
        {
            var variances = means + shape.Batch * shape.Groups;
            GroupMoments<TLanes, TVector>.Measure(shape, x, means, variances);
            for (var i = 0; i < shape.Batch * shape.Groups; i++)
            {
                mean[i] = (float)means[i];
                inverse[i] = (float)(1 / Math.Sqrt(variances[i] + epsilon));
            }
        }

        Normalize(shape, x, weight, bias, mean, inverse, silu, y);
    }

    /// <summary><see cref="Forward"/> with known statistics.</summary>
    /// <param name="shape">Sizes; channels are a multiple of the register width.</param>
    /// <param name="x">[B, pixels, C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="mean">[B, groups].</param>
    /// <param name="inverse">[B, groups]: 1 / sqrt(variance + epsilon).</param>
    /// <param name="silu">Whether SiLU follows.</param>
    /// <param name="y">[B, pixels, C]; may be <paramref name="x"/>.</param>
    public static void Normalize(
        NormalizationShape shape,
        float* x,
        float* weight,
        float* bias,
        float* mean,
        float* inverse,
        bool silu,
        float* y
    )
    {
        var (channels, strips) = (shape.Channels, shape.Strips);
        using var affineScratch = new Scratch((nint)shape.Batch * 3 * channels);
        var affine = affineScratch.Data;
        for (var image = 0; image < shape.Batch; image++)
        {
            var from = image * shape.Groups;
            FillAffine(shape, weight, bias, mean + from, inverse + from, Of(affine, image, channels));
        }

        ThreadTeam.ForEach(
            shape.Batch * strips,
            (task, _) =>
            {
                var (image, first, end) = shape.Place(task);
                var offset = ((nint)image * shape.Pixels + first) * channels;
                Apply(x + offset, end - first, channels, Of(affine, image, channels), silu, y + offset);
            }
        );
    }

    /// <summary>The gradients of <see cref="Forward"/>.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">What went in.</param>
    /// <param name="gradient">Of the output.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="silu">Whether SiLU followed.</param>
    /// <param name="mean">What <see cref="Forward"/> wrote.</param>
    /// <param name="inverse">What <see cref="Forward"/> wrote.</param>
    /// <param name="xGradient">The target, [B, pixels, C].</param>
    /// <param name="weightGradient">The target, [C].</param>
    /// <param name="biasGradient">The target, [C].</param>
    public static void Backward(
        NormalizationShape shape,
        float* x,
        float* gradient,
        float* weight,
        float* bias,
        bool silu,
        float* mean,
        float* inverse,
        float* xGradient,
        float* weightGradient,
        float* biasGradient
    )
    {
        var (channels, strips) = (shape.Channels, shape.Strips);
        using var sumScratch = new Scratch((nint)shape.Batch * strips * 2 * channels);
        using var affineScratch = new Scratch((nint)shape.Batch * 3 * channels);
        using var lineScratch = new Scratch((nint)shape.Batch * 3 * channels);
        var sums = sumScratch.Data;
        var affine = affineScratch.Data;
        var lines = lineScratch.Data;
        for (var image = 0; image < shape.Batch; image++)
        {
            var from = image * shape.Groups;
            FillAffine(shape, weight, bias, mean + from, inverse + from, Of(affine, image, channels));
        }

        ThreadTeam.ForEach(
            shape.Batch * strips,
            (task, _) =>
            {
                var (image, first, end) = shape.Place(task);
                var offset = ((nint)image * shape.Pixels + first) * channels;
                ChannelSums<TLanes, TVector>.Gradients(
                    x + offset,
                    gradient + offset,
                    end - first,
                    channels,
                    Of(affine, image, channels),
                    silu,
                    sums + (nint)task * 2 * channels
                );
            }
        );
        new Span<float>(weightGradient, channels).Clear();
        new Span<float>(biasGradient, channels).Clear();
        for (var image = 0; image < shape.Batch; image++)
        {
            var from = image * shape.Groups;
            GradientLines(
                shape,
                sums,
                image,
                weight,
                inverse + from,
                lines + (nint)image * 3 * channels,
                weightGradient,
                biasGradient
            );
        }

        ThreadTeam.ForEach(
            shape.Batch * strips,
            (task, _) =>
            {
                var (image, first, end) = shape.Place(task);
                var offset = ((nint)image * shape.Pixels + first) * channels;
                ApplyGradient(
                    x + offset,
                    gradient + offset,
                    end - first,
                    channels,
                    Of(affine, image, channels),
                    silu,
                    lines + (nint)image * 3 * channels,
                    xGradient + offset
                );
            }
        );
    }

    private static Affine Of(float* affine, int image, int channels)
    {
        var center = affine + (nint)image * 3 * channels;
        return new Affine(center, center + channels, center + 2 * channels);
    }

    private static void FillAffine(
        NormalizationShape shape,
        float* weight,
        float* bias,
        float* mean,
        float* inverse,
        Affine target
    )
    {
        for (var c = 0; c < shape.Channels; c++)
        {
            var group = c / shape.GroupSize;
            target.Center[c] = mean[group];
            target.Scale[c] = weight[c] * inverse[group];
            target.Offset[c] = bias[c];
        }
    }

    // The input's gradient is a g + b + c (x - mean) per channel, where g is the gradient before the activation.
    private static void GradientLines(
        NormalizationShape shape,
        float* sums,
        int image,
        float* weight,
        float* inverse,
        float* lines,
        float* weightGradient,
        float* biasGradient
    )
    {
        var channels = shape.Channels;
        var count = (double)shape.Pixels * shape.GroupSize;
        for (var group = 0; group < shape.Groups; group++)
        {
            double sum = 0;
            double product = 0;
            for (var i = 0; i < shape.GroupSize; i++)
            {
                var c = group * shape.GroupSize + i;
                var (gradient, withInput) = ChannelSums<TLanes, TVector>.Total(sums, image, shape, c);
                sum += weight[c] * gradient;
                product += weight[c] * withInput;
                biasGradient[c] += (float)gradient;
                weightGradient[c] += (float)(withInput * inverse[group]);
            }

            var slope = -product * inverse[group] * inverse[group] * inverse[group] / count;
            var constant = -sum * inverse[group] / count;
            for (var i = 0; i < shape.GroupSize; i++)
            {
                var c = group * shape.GroupSize + i;
                lines[c] = weight[c] * inverse[group];
                lines[channels + c] = (float)constant;
                lines[2 * channels + c] = (float)slope;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply(float* x, int pixels, int channels, Affine affine, bool silu, float* y)
    {
        for (var p = 0; p < pixels; p++)
        {
            for (var c = 0; c < channels; c += TLanes.Width)
            {
                var value = TLanes.MultiplyAdd(
                    TLanes.Subtract(TLanes.Load(x + c), TLanes.Load(affine.Center + c)),
                    TLanes.Load(affine.Scale + c),
                    TLanes.Load(affine.Offset + c)
                );
                TLanes.Store(silu ? Activation<TLanes, TVector>.Silu(value) : value, y + c);
            }

            x += channels;
            y += channels;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ApplyGradient(
        float* x,
        float* gradient,
        int pixels,
        int channels,
        Affine affine,
        bool silu,
        float* lines,
        float* target
    )
    {
        for (var p = 0; p < pixels; p++)
        {
            for (var c = 0; c < channels; c += TLanes.Width)
            {
                var value = TLanes.Subtract(TLanes.Load(x + c), TLanes.Load(affine.Center + c));
                var g = TLanes.Load(gradient + c);
                if (silu)
                {
                    var argument = TLanes.MultiplyAdd(
                        value,
                        TLanes.Load(affine.Scale + c),
                        TLanes.Load(affine.Offset + c)
                    );
                    g = Activation<TLanes, TVector>.SiluGradient(argument, g);
                }

                var line = TLanes.MultiplyAdd(
                    value,
                    TLanes.Load(lines + 2 * channels + c),
                    TLanes.Load(lines + channels + c)
                );
                TLanes.Store(TLanes.MultiplyAdd(g, TLanes.Load(lines + c), line), target + c);
            }

            x += channels;
            gradient += channels;
            target += channels;
        }
    }
}
