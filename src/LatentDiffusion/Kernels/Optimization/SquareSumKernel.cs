using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Optimization;

/// <summary>The sum of squares in one pass over memory.</summary>
internal static unsafe class SquareSumKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>The sum of the squares of <paramref name="values"/>.</summary>
    /// <param name="count">Elements; few enough that a float holds the sum of a lane with little error.</param>
    /// <param name="values">Read.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(nint count, float* values)
    {
        // Four chains of additions, since one would wait for its own result.
        var (a, b, c, d) = (TLanes.Broadcast(0), TLanes.Broadcast(0), TLanes.Broadcast(0), TLanes.Broadcast(0));
        nint i = 0;
        for (; i + 4 * TLanes.Width <= count; i += 4 * TLanes.Width)
        {
            a = AddSquare(a, values + i);
            b = AddSquare(b, values + i + TLanes.Width);
            c = AddSquare(c, values + i + 2 * TLanes.Width);
            d = AddSquare(d, values + i + 3 * TLanes.Width);
        }

        var sum = (double)TLanes.Sum(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)));
        for (; i < count; i++)
        {
            sum += (double)values[i] * values[i];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddSquare(TVector sum, float* source)
    {
        var value = TLanes.Load(source);
        return TLanes.MultiplyAdd(value, value, sum);
    }
}
