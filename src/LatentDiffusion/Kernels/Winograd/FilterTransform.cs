using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LatentDiffusion.Kernels.Winograd;

/// <summary>U = G g G^T: 3x3 filters to 36 weights each, laid out as panels of a matrix product. Eight filters at a time.</summary>
internal static unsafe class FilterTransform
{
    private const int Group = 8;

    // Input channels at a time: what they write to stays in the first-level cache.
    private const int Block = 8;

    /// <summary>Transforms the filters of one panel of output channels and a range of input channels.</summary>
    /// <param name="filters">The weights.</param>
    /// <param name="output">The first output channel.</param>
    /// <param name="outputs">How many; the panel's other columns become zero.</param>
    /// <param name="input">The first input channel.</param>
    /// <param name="inputs">How many.</param>
    /// <param name="width">Columns of the panel; a multiple of 8.</param>
    /// <param name="u">The target: 36 matrices of <paramref name="inputs"/> rows.</param>
    /// <param name="step">Floats from one of these matrices to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        Filters filters,
        int output,
        int outputs,
        int input,
        int inputs,
        int width,
        float* u,
        nint step
    )
    {
        if (outputs < width)
        {
            new Span<float>(u, checked((int)(36 * step))).Clear();
        }

        var weights = (float*)filters.Address + output * filters.OutputStep + input * filters.InputStep;
        var half = stackalloc float[18 * Group];
        for (var from = 0; from < inputs; from += Block)
        {
            var end = Math.Min(inputs, from + Block);
            for (var n = 0; n < outputs; n += Group)
            {
                RunGroup(weights + n * filters.OutputStep, filters, from, end, width, u + n, step, half);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunGroup(
        float* weights,
        Filters filters,
        int from,
        int end,
        int width,
        float* u,
        nint step,
        float* half
    )
    {
        for (var k = from; k < end; k++)
        {
            var source = weights + k * filters.InputStep;
            if (Sse.IsSupported)
            {
                Prefetch(source + Block * filters.InputStep, filters.OutputStep);
            }

            Transpose.Columns(
                source,
                filters.OutputStep,
                out var g0,
                out var g1,
                out var g2,
                out var g3,
                out var g4,
                out var g5,
                out var g6,
                out var g7
            );
            var g8 = LastTaps(source + 8, filters.OutputStep);
            if (filters.Flipped)
            {
                (g0, g8) = (g8, g0);
                (g1, g7) = (g7, g1);
                (g2, g6) = (g6, g2);
                (g3, g5) = (g5, g3);
            }

            Line(g0, g3, g6, half, 3 * Group);
            Line(g1, g4, g7, half + Group, 3 * Group);
            Line(g2, g5, g8, half + 2 * Group, 3 * Group);
            var target = u + (nint)k * width;
            for (var i = 0; i < 6; i++)
            {
                var line = half + 3 * i * Group;
                Line(
                    Vector256.Load(line),
                    Vector256.Load(line + Group),
                    Vector256.Load(line + 2 * Group),
                    target + 6 * i * step,
                    step
                );
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* source, nint step)
    {
        for (var i = 0; i < Group; i++)
        {
            Sse.Prefetch0(source + i * step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LastTaps(float* source, nint step) =>
        Vector256.Create(
            source[0],
            source[step],
            source[2 * step],
            source[3 * step],
            source[4 * step],
            source[5 * step],
            source[6 * step],
            source[7 * step]
        );

    // G = [1/4 0 0; -1/6 -1/6 -1/6; -1/6 1/6 -1/6; 1/24 1/12 1/6; 1/24 -1/12 1/6; 0 0 1].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(Vector256<float> g0, Vector256<float> g1, Vector256<float> g2, float* target, nint step)
    {
        var ends = (g0 + g2) * (-1f / 6);
        var middle = g1 * (1f / 6);
        var outer = Vector256.FusedMultiplyAdd(g0, Vector256.Create(1f / 24), g2 * (1f / 6));
        var outerMiddle = g1 * (1f / 12);
        (g0 * 0.25f).Store(target);
        (ends - middle).Store(target + step);
        (ends + middle).Store(target + 2 * step);
        (outer + outerMiddle).Store(target + 3 * step);
        (outer - outerMiddle).Store(target + 4 * step);
        g2.Store(target + 5 * step);
    }
}
