using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Optimization;

/// <summary>AdamW in one pass over memory.</summary>
internal static unsafe class AdamKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Moves parameters and their moments by one step.</summary>
    /// <param name="coefficients">The numbers of the step.</param>
    /// <param name="count">Elements.</param>
    /// <param name="parameter">Moved.</param>
    /// <param name="gradient">The loss's gradient with respect to <paramref name="parameter"/>.</param>
    /// <param name="mean">Running mean of gradients, moved.</param>
    /// <param name="square">Running mean of squared gradients, moved.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Step(
        AdamCoefficients coefficients,
        nint count,
        float* parameter,
        float* gradient,
        float* mean,
        float* square
    )
    {
        var numbers = new Numbers(coefficients);
        nint i = 0;
        for (; i + TLanes.Width <= count; i += TLanes.Width)
        {
            Move(in numbers, parameter + i, gradient + i, mean + i, square + i);
        }

        var rest = (int)(count - i);
        if (rest == 0)
        {
            return;
        }

        // The last elements take the same way, through registers that are filled up with zeros.
        var padded = stackalloc float[4 * TLanes.Width];
        new Span<float>(padded, 4 * TLanes.Width).Clear();
        var p = padded;
        var g = p + TLanes.Width;
        var m = g + TLanes.Width;
        var s = m + TLanes.Width;
        Copy(parameter + i, p, rest);
        Copy(gradient + i, g, rest);
        Copy(mean + i, m, rest);
        Copy(square + i, s, rest);
        Move(in numbers, p, g, m, s);
        Copy(p, parameter + i, rest);
        Copy(m, mean + i, rest);
        Copy(s, square + i, rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(in Numbers numbers, float* parameter, float* gradient, float* mean, float* square)
    {
        var g = TLanes.Multiply(numbers.GradientScale, TLanes.Load(gradient));
        var m = TLanes.MultiplyAdd(numbers.NewMean, g, TLanes.Multiply(numbers.OldMean, TLanes.Load(mean)));
        var s = TLanes.MultiplyAdd(
            TLanes.Multiply(numbers.NewSquare, g),
            g,
            TLanes.Multiply(numbers.OldSquare, TLanes.Load(square))
        );
        var root = TLanes.MultiplyAdd(TLanes.SquareRoot(s), numbers.InverseRootCorrection, numbers.Epsilon);
        var moved = TLanes.MultiplyAdd(
            numbers.MinusStepSize,
            TLanes.Divide(m, root),
            TLanes.Multiply(numbers.Keep, TLanes.Load(parameter))
        );
        TLanes.Store(m, mean);
        TLanes.Store(s, square);
        TLanes.Store(moved, parameter);
    }

    private static void Copy(float* from, float* to, int count) =>
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    private readonly struct Numbers(AdamCoefficients c)
    {
        public readonly TVector Keep = TLanes.Broadcast((float)c.Keep);
        public readonly TVector OldMean = TLanes.Broadcast((float)c.Beta1);
        public readonly TVector NewMean = TLanes.Broadcast((float)(1 - c.Beta1));
        public readonly TVector OldSquare = TLanes.Broadcast((float)c.Beta2);
        public readonly TVector NewSquare = TLanes.Broadcast((float)(1 - c.Beta2));
        public readonly TVector MinusStepSize = TLanes.Broadcast((float)-c.StepSize);
        public readonly TVector InverseRootCorrection = TLanes.Broadcast((float)(1 / c.RootCorrection));
        public readonly TVector Epsilon = TLanes.Broadcast((float)c.Epsilon);
        public readonly TVector GradientScale = TLanes.Broadcast((float)c.GradientScale);
    }
}
