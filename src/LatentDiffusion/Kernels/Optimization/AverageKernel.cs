using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Optimization;

/// <summary>An exponential moving average in one pass over memory.</summary>
internal static unsafe class AverageKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>average += weight (value - average).</summary>
    /// <param name="count">Elements.</param>
    /// <param name="average">Moved.</param>
    /// <param name="value">What it follows.</param>
    /// <param name="weight">Share of the way, in [0, 1].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Follow(nint count, float* average, float* value, float weight)
    {
        var share = TLanes.Broadcast(weight);
        nint i = 0;
        for (; i + TLanes.Width <= count; i += TLanes.Width)
        {
            var old = TLanes.Load(average + i);
            var way = TLanes.Subtract(TLanes.Load(value + i), old);
            TLanes.Store(TLanes.MultiplyAdd(share, way, old), average + i);
        }

        for (; i < count; i++)
        {
            average[i] = MathF.FusedMultiplyAdd(weight, value[i] - average[i], average[i]);
        }
    }
}
