using LatentDiffusion.Kernels.Winograd;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>A differentiable 3x3 convolution (stride 1, padding 1) by <see cref="WinogradConvolution{TLanes, TVector}"/>.</summary>
internal static unsafe class ConvolutionOperator
{
    // With fewer tiles the filters cost more to transform than the products save.
    private const int FewestTiles = 3;

    /// <summary>Whether the kernel can do it.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, Ci, H, W].</param>
    /// <param name="weight">[Co, Ci, 3, 3].</param>
    public static bool Fits(KernelSet kernels, Tensor x, Tensor weight)
    {
        var (output, input) = (weight.shape[0], weight.shape[1]);
        return Gradients.IsKernelMemory(x)
            && Gradients.IsKernelMemory(weight)
            && output % kernels.Width == 0
            && input % kernels.Width == 0
            && x.numel() > 0;
    }

    /// <summary>Convolves.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, Ci, H, W], any layout; channels-last is not copied.</param>
    /// <param name="weight">[Co, Ci, 3, 3].</param>
    /// <param name="bias">[Co], or null.</param>
    /// <param name="residual">[B, Co, H, W] to add to the result, or null.</param>
    /// <returns>[B, Co, H, W], channels-last.</returns>
    public static Tensor Apply(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias, Tensor? residual) =>
        Gradients.Needed(x, weight, bias, residual)
            ? Function.apply(kernels, x, weight, bias!, residual!)
            : Forward(kernels, Shape(x.shape, weight.shape[0]), x, weight, bias, residual, null);

    /// <summary>Convolves a map of twice the height and width, nearest neighbour, that is never written; no gradient.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, Ci, H, W].</param>
    /// <param name="weight">[Co, Ci, 3, 3].</param>
    /// <param name="bias">[Co], or null.</param>
    /// <returns>[B, Co, 2H, 2W], channels-last.</returns>
    public static Tensor ApplyEnlarged(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias)
    {
        var small = Shape(x.shape, weight.shape[0]);
        var shape = small with { Height = 2 * small.Height, Width = 2 * small.Width, Enlarges = true };
        return Forward(kernels, shape, x, weight, bias, null, null);
    }

    /// <summary>Convolves and adds the result to a map in its place; no gradient.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[B, Ci, H, W].</param>
    /// <param name="weight">[Co, Ci, 3, 3].</param>
    /// <param name="bias">[Co], or null.</param>
    /// <param name="sum">[B, Co, H, W]; overwritten where its layout allows it.</param>
    /// <returns>[B, Co, H, W], channels-last.</returns>
    public static Tensor AddTo(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias, Tensor sum)
    {
        using var target = ChannelsLast.Pixels(sum);
        return Forward(kernels, Shape(x.shape, weight.shape[0]), x, weight, bias, sum, target);
    }

    private static ConvolutionShape Shape(long[] x, long output) =>
        new((int)x[0], (int)x[2], (int)x[3], (int)x[1], (int)output);

    private static Tensor Forward(
        KernelSet kernels,
        ConvolutionShape shape,
        Tensor x,
        Tensor weight,
        Tensor? bias,
        Tensor? residual,
        Tensor? target
    )
    {
        using var scope = NewDisposeScope();
        var pixels = ChannelsLast.Pixels(x);
        var filters = weight.contiguous();
        var added = residual is null ? null : ChannelsLast.Pixels(residual);
        var result = target?.alias() ?? TensorMemory.Empty(shape.Batch, shape.Height, shape.Width, shape.Output);
        if (shape.Tiles < FewestTiles && target is null)
        {
            MultiplyPatches(kernels, shape, pixels, filters, bias, result);
            return ChannelsLast.Map(added is null ? result : result.PlusInPlace(added)).MoveToOuterDisposeScope();
        }

        kernels.Convolve(
            shape,
            TensorMemory.Floats(pixels),
            Filters.ForOutput((nint)TensorMemory.Floats(filters), shape.Input),
            bias is null ? null : TensorMemory.Floats(bias),
            added is null ? null : TensorMemory.Floats(added),
            TensorMemory.Floats(result)
        );
        return ChannelsLast.Map(result).MoveToOuterDisposeScope();
    }

    private static void MultiplyPatches(
        KernelSet kernels,
        ConvolutionShape shape,
        Tensor pixels,
        Tensor filters,
        Tensor? bias,
        Tensor result
    )
    {
        var rows = shape.Batch * shape.Height * shape.Width;
        var columns = PatchMatrix.Columns(shape);
        using var patches = new Scratch((nint)rows * columns);
        PatchMatrix.Fill(shape, TensorMemory.Floats(pixels), patches.Data);
        kernels.Multiply(
            rows,
            shape.Output,
            columns,
            new Matrix(patches.Data, columns),
            new Matrix(TensorMemory.Floats(filters), columns).Transposed,
            new Matrix(TensorMemory.Floats(result), shape.Output),
            bias is null ? null : TensorMemory.Floats(bias)
        );
    }

    private static Tensor InputGradient(KernelSet kernels, Tensor gradient, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var shape = Shape(gradient.shape, weight.shape[1]);
        var pixels = ChannelsLast.Pixels(gradient);
        var filters = weight.contiguous();
        var result = TensorMemory.Empty(shape.Batch, shape.Height, shape.Width, shape.Output);
        kernels.Convolve(
            shape,
            TensorMemory.Floats(pixels),
            Filters.ForInputGradient((nint)TensorMemory.Floats(filters), shape.Output),
            null,
            null,
            TensorMemory.Floats(result)
        );
        return ChannelsLast.Map(result).MoveToOuterDisposeScope();
    }

    private static Tensor FilterGradient(KernelSet kernels, Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var shape = Shape(x.shape, gradient.shape[1]);
        var pixels = ChannelsLast.Pixels(x);
        var gradientPixels = ChannelsLast.Pixels(gradient);
        var result = TensorMemory.Empty(shape.Output, shape.Input, 3, 3);
        kernels.ConvolutionFilterGradient(
            shape,
            TensorMemory.Floats(pixels),
            TensorMemory.Floats(gradientPixels),
            TensorMemory.Floats(result)
        );
        return result.MoveToOuterDisposeScope();
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(ConvolutionOperator);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var kernels = (KernelSet)vars[0];
            var (x, weight) = ((Tensor)vars[1], (Tensor)vars[2]);
            ctx.save_for_backward([x, weight]);
            ctx.save_data("kernels", kernels);
            ctx.save_data("bias", vars[3] is Tensor { requires_grad: true });
            ctx.save_data("residual", vars[4] is Tensor { requires_grad: true });
            ctx.save_data("x", x.requires_grad);
            ctx.save_data("weight", weight.requires_grad);
            var shape = Shape(x.shape, weight.shape[0]);
            return Forward(kernels, shape, x, weight, vars[3] as Tensor, vars[4] as Tensor, null);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            BackwardPass.Run(grad_output, () => InputGradients(ctx, grad_output));

        private static Tensor?[] InputGradients(autograd.AutogradContext ctx, Tensor gradient)
        {
            var saved = ctx.get_saved_variables();
            var kernels = (KernelSet)ctx.get_data("kernels");
            return
            [
                null,
                (bool)ctx.get_data("x") ? InputGradient(kernels, gradient, saved[1]) : null,
                (bool)ctx.get_data("weight") ? FilterGradient(kernels, saved[0], gradient) : null,
                (bool)ctx.get_data("bias") ? gradient.sum([0, 2, 3]) : null,
                (bool)ctx.get_data("residual") ? gradient : null,
            ];
        }
    }
}
