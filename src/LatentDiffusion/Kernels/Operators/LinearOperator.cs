using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>A differentiable x W^T + b by <see cref="MatrixProduct{TLanes, TVector}"/>.</summary>
internal static unsafe class LinearOperator
{
    // A few rows are limited by the reading of the weights, which libtorch does without packing them first.
    private const int FewestRows = 8;

    /// <summary>Whether the kernel can do it and is worth it.</summary>
    /// <param name="x">[..., K].</param>
    /// <param name="weight">[N, K], further dimensions of size 1 allowed.</param>
    public static bool Fits(Tensor x, Tensor weight) =>
        Gradients.IsKernelMemory(x)
        && Gradients.IsKernelMemory(weight)
        && x.numel() >= FewestRows * weight.shape[1]
        && x.numel() > 0;

    /// <summary>Multiplies.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[..., K].</param>
    /// <param name="weight">[N, K], further dimensions of size 1 allowed.</param>
    /// <param name="bias">[N], or null.</param>
    /// <returns>[..., N].</returns>
    public static Tensor Apply(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias) =>
        Gradients.Needed(x, weight, bias)
            ? Function.apply(kernels, x, weight, bias!)
            : Forward(kernels, x, weight, bias);

    /// <summary>Whether weights lie one after the other in memory and no gradient is wanted.</summary>
    /// <param name="x">[..., K].</param>
    /// <param name="weights">Each [N, K].</param>
    public static bool FitsJoined(Tensor x, IReadOnlyList<Tensor> weights)
    {
        if (Gradients.Needed([x, .. weights]) || !weights.All(w => w.is_contiguous() && Fits(x, w)))
        {
            return false;
        }

        return Enumerable
            .Range(1, weights.Count - 1)
            .All(i =>
                TensorMemory.Floats(weights[i]) == TensorMemory.Floats(weights[i - 1]) + (nint)weights[i - 1].numel()
            );
    }

    /// <summary>Multiplies by several weights that lie one after the other in memory.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="x">[..., K].</param>
    /// <param name="weights">Each [N, K].</param>
    /// <returns>[..., sum of N].</returns>
    public static Tensor ApplyJoined(KernelSet kernels, Tensor x, IReadOnlyList<Tensor> weights) =>
        Forward(kernels, x, weights[0], null, (int)weights.Sum(w => w.shape[0]));

    private static Tensor Forward(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias) =>
        Forward(kernels, x, weight, bias, (int)weight.shape[0]);

    private static Tensor Forward(KernelSet kernels, Tensor x, Tensor weight, Tensor? bias, int outputs)
    {
        using var scope = NewDisposeScope();
        var depth = (int)weight.shape[1];
        var (input, factor) = (x.contiguous(), weight.contiguous());
        var rows = (int)(input.numel() / depth);
        var result = TensorMemory.Empty([.. x.shape.AsSpan(0, x.shape.Length - 1), outputs]);
        kernels.Multiply(
            rows,
            outputs,
            depth,
            new Matrix(TensorMemory.Floats(input), depth),
            new Matrix(TensorMemory.Floats(factor), depth).Transposed,
            new Matrix(TensorMemory.Floats(result), outputs),
            bias is null ? null : TensorMemory.Floats(bias)
        );
        return result.MoveToOuterDisposeScope();
    }

    private static Tensor InputGradient(KernelSet kernels, Tensor gradient, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        var (factor, output) = (weight.contiguous(), gradient.contiguous());
        var result = TensorMemory.Empty([.. gradient.shape.AsSpan(0, gradient.shape.Length - 1), inputs]);
        kernels.Multiply(
            (int)(output.numel() / outputs),
            inputs,
            outputs,
            new Matrix(TensorMemory.Floats(output), outputs),
            new Matrix(TensorMemory.Floats(factor), inputs),
            new Matrix(TensorMemory.Floats(result), inputs)
        );
        return result.MoveToOuterDisposeScope();
    }

    private static Tensor WeightGradient(KernelSet kernels, Tensor x, Tensor gradient, long[] shape)
    {
        using var scope = NewDisposeScope();
        var (outputs, inputs) = ((int)shape[0], (int)shape[1]);
        var (input, output) = (x.contiguous(), gradient.contiguous());
        var result = TensorMemory.Empty(shape);
        kernels.Multiply(
            outputs,
            inputs,
            (int)(input.numel() / inputs),
            new Matrix(TensorMemory.Floats(output), outputs).Transposed,
            new Matrix(TensorMemory.Floats(input), inputs),
            new Matrix(TensorMemory.Floats(result), inputs)
        );
        return result.MoveToOuterDisposeScope();
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(LinearOperator);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var kernels = (KernelSet)vars[0];
            var (x, weight) = ((Tensor)vars[1], (Tensor)vars[2]);
            ctx.save_for_backward([x, weight]);
            ctx.save_data("kernels", kernels);
            ctx.save_data("x", x.requires_grad);
            ctx.save_data("weight", weight.requires_grad);
            ctx.save_data("bias", vars[3] is Tensor { requires_grad: true });
            return Forward(kernels, x, weight, vars[3] as Tensor);
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
                (bool)ctx.get_data("weight") ? WeightGradient(kernels, saved[0], gradient, saved[1].shape) : null,
                (bool)ctx.get_data("bias") ? gradient.flatten(0, -2).sum([0]) : null,
            ];
        }
    }
}
