using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LatentDiffusion.Kernels.Winograd;

/// <summary>G^T dU G: 36 weights' gradients to those of the 3x3 filters (the filter transform's transpose).</summary>
internal static unsafe class FilterGradientTransform
{
    private const int Group = 8;

    /// <summary>Transforms one panel of output channels.</summary>
    /// <param name="u">36 matrices [inputs, width].</param>
    /// <param name="step">Floats from one of these matrices to the next.</param>
    /// <param name="width">Columns of the panel.</param>
    /// <param name="outputs">How many of them are channels; a multiple of 8.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="target">The panel's first filter in a tensor [Co, Ci, 3, 3].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* u, nint step, int width, int outputs, int inputs, float* target)
    {
        var half = stackalloc float[18 * Group];
        var taps = stackalloc float[9 * Group];
        for (var n = 0; n < outputs; n += Group)
        {
            for (var k = 0; k < inputs; k++)
            {
                var source = u + (nint)k * width + n;
                for (var j = 0; j < 6; j++)
                {
                    Line(source + j * step, 6 * step, half + j * Group, 6 * Group);
                }

                for (var i = 0; i < 3; i++)
                {
                    Line(half + 6 * i * Group, Group, taps + 3 * i * Group, Group);
                }

                Transpose.Columns(
                    taps,
                    Group,
                    out var f0,
                    out var f1,
                    out var f2,
                    out var f3,
                    out var f4,
                    out var f5,
                    out var f6,
                    out var f7
                );
                var filter = target + ((nint)n * inputs + k) * 9;
                var next = (nint)inputs * 9;
                f0.Store(filter);
                f1.Store(filter + next);
                f2.Store(filter + 2 * next);
                f3.Store(filter + 3 * next);
                f4.Store(filter + 4 * next);
                f5.Store(filter + 5 * next);
                f6.Store(filter + 6 * next);
                f7.Store(filter + 7 * next);
                for (var lane = 0; lane < Group; lane++)
                {
                    filter[lane * next + 8] = taps[8 * Group + lane];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(float* source, nint step, float* target, nint targetStep)
    {
        var u1 = Vector256.Load(source + step);
        var u2 = Vector256.Load(source + 2 * step);
        var u3 = Vector256.Load(source + 3 * step);
        var u4 = Vector256.Load(source + 4 * step);
        var inner = (u1 + u2) * (-1f / 6);
        var outer = u3 + u4;
        Vector256
            .FusedMultiplyAdd(outer, Vector256.Create(1f / 24), Vector256.Load(source) * 0.25f + inner)
            .Store(target);
        Vector256.FusedMultiplyAdd(u3 - u4, Vector256.Create(1f / 12), (u2 - u1) * (1f / 6)).Store(target + targetStep);
        Vector256
            .FusedMultiplyAdd(outer, Vector256.Create(1f / 6), Vector256.Load(source + 5 * step) + inner)
            .Store(target + 2 * targetStep);
    }
}
