using System.Runtime.Intrinsics;
using LatentDiffusion.Kernels.Attention;
using LatentDiffusion.Kernels.Gating;
using LatentDiffusion.Kernels.Normalization;
using LatentDiffusion.Kernels.Optimization;
using LatentDiffusion.Kernels.Winograd;

namespace LatentDiffusion.Kernels;

/// <summary>All kernels, compiled for one register width.</summary>
internal abstract unsafe class KernelSet
{
    private static readonly KernelSet Narrow = new Compiled<Lanes256, Vector256<float>>();
    private static readonly KernelSet Wide = new Compiled<Lanes512, Vector512<float>>();

    /// <summary>The kernels to use on this thread, or null for plain libtorch.</summary>
    public static KernelSet? Current =>
        KernelChoice.Current switch
        {
            KernelKind.Avx512 => Wide,
            KernelKind.Avx2 => Narrow,
            _ => null,
        };

    /// <summary>Floats per register; channel counts must be multiples of it.</summary>
    public abstract int Width { get; }

    /// <inheritdoc cref="MatrixProduct{TLanes, TVector}.Multiply"/>
    public abstract void Multiply(
        int rows,
        int columns,
        int depth,
        Matrix a,
        Matrix b,
        Matrix c,
        float* bias = null,
        bool accumulate = false
    );

    /// <inheritdoc cref="WinogradConvolution{TLanes, TVector}.Run"/>
    public abstract void Convolve(
        ConvolutionShape shape,
        float* x,
        Filters filters,
        float* bias,
        float* residual,
        float* y
    );

    /// <inheritdoc cref="FilterGradient{TLanes, TVector}.Run"/>
    public abstract void ConvolutionFilterGradient(ConvolutionShape shape, float* x, float* gradient, float* target);

    /// <inheritdoc cref="GroupNormKernel{TLanes, TVector}.Forward"/>
    public abstract void GroupNorm(
        NormalizationShape shape,
        float* x,
        float* weight,
        float* bias,
        double epsilon,
        bool silu,
        float* y,
        float* mean,
        float* inverse
    );

    /// <inheritdoc cref="GroupNormKernel{TLanes, TVector}.Normalize"/>
    public abstract void Normalize(
        NormalizationShape shape,
        float* x,
        float* weight,
        float* bias,
        float* mean,
        float* inverse,
        bool silu,
        float* y
    );

    /// <inheritdoc cref="GroupMoments{TLanes, TVector}.Measure"/>
    public abstract void MeasureGroups(NormalizationShape shape, float* x, double* mean, double* variance);

    /// <inheritdoc cref="GroupNormKernel{TLanes, TVector}.Backward"/>
    public abstract void GroupNormGradient(
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
    );

    /// <inheritdoc cref="AttentionKernel{TLanes, TVector}.Run"/>
    public abstract void Attend(
        AttentionShape shape,
        HeadTokens query,
        HeadTokens key,
        HeadTokens value,
        HeadTokens result
    );

    /// <inheritdoc cref="GatedGeluKernel{TLanes, TVector}.Run"/>
    public abstract void GatedGelu(int rows, int columns, float* x, float* y);

    /// <inheritdoc cref="AdamKernel{TLanes, TVector}.Step"/>
    public abstract void AdamStep(
        AdamCoefficients coefficients,
        nint count,
        float* parameter,
        float* gradient,
        float* mean,
        float* square
    );

    /// <inheritdoc cref="AverageKernel{TLanes, TVector}.Follow"/>
    public abstract void Follow(nint count, float* average, float* value, float weight);

    /// <inheritdoc cref="SquareSumKernel{TLanes, TVector}.Sum"/>
    public abstract double SumSquares(nint count, float* values);

    private sealed class Compiled<TLanes, TVector> : KernelSet
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        public override int Width => TLanes.Width;

        public override void Multiply(
            int rows,
            int columns,
            int depth,
            Matrix a,
            Matrix b,
            Matrix c,
            float* bias,
            bool accumulate
        ) => MatrixProduct<TLanes, TVector>.Multiply(rows, columns, depth, a, b, c, bias, accumulate);

        public override void Convolve(
            ConvolutionShape shape,
            float* x,
            Filters filters,
            float* bias,
            float* residual,
            float* y
        ) => WinogradConvolution<TLanes, TVector>.Run(shape, x, filters, bias, residual, y);

        public override void ConvolutionFilterGradient(
            ConvolutionShape shape,
            float* x,
            float* gradient,
            float* target
        ) => FilterGradient<TLanes, TVector>.Run(shape, x, gradient, target);

        public override void Attend(
            AttentionShape shape,
            HeadTokens query,
            HeadTokens key,
            HeadTokens value,
            HeadTokens result
        ) => AttentionKernel<TLanes, TVector>.Run(shape, query, key, value, result);

        public override void GroupNorm(
            NormalizationShape shape,
            float* x,
            float* weight,
            float* bias,
            double epsilon,
            bool silu,
            float* y,
            float* mean,
            float* inverse
        ) => GroupNormKernel<TLanes, TVector>.Forward(shape, x, weight, bias, epsilon, silu, y, mean, inverse);

        public override void Normalize(
            NormalizationShape shape,
            float* x,
            float* weight,
            float* bias,
            float* mean,
            float* inverse,
            bool silu,
            float* y
        ) => GroupNormKernel<TLanes, TVector>.Normalize(shape, x, weight, bias, mean, inverse, silu, y);

        public override void MeasureGroups(NormalizationShape shape, float* x, double* mean, double* variance) =>
            GroupMoments<TLanes, TVector>.Measure(shape, x, mean, variance);

        public override void GroupNormGradient(
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
        ) =>
            GroupNormKernel<TLanes, TVector>.Backward(
                shape,
                x,
                gradient,
                weight,
                bias,
                silu,
                mean,
                inverse,
                xGradient,
                weightGradient,
                biasGradient
            );

        public override void GatedGelu(int rows, int columns, float* x, float* y) =>
            GatedGeluKernel<TLanes, TVector>.Run(rows, columns, x, y);

        public override void AdamStep(
            AdamCoefficients coefficients,
            nint count,
            float* parameter,
            float* gradient,
            float* mean,
            float* square
        ) => AdamKernel<TLanes, TVector>.Step(coefficients, count, parameter, gradient, mean, square);

        public override void Follow(nint count, float* average, float* value, float weight) =>
            AverageKernel<TLanes, TVector>.Follow(count, average, value, weight);

        public override double SumSquares(nint count, float* values) =>
            SquareSumKernel<TLanes, TVector>.Sum(count, values);
    }
}
