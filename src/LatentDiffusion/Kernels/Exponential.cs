using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels;

/// <summary>e to the power of x with a relative error below 2e-7, and what is made of it.</summary>
internal static class Exponential<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // Within these bounds neither the result nor 1 plus it overflows.
    private const float Lowest = -87;
    private const float Highest = 88;

    // ln 2 in two parts, so that n ln 2 is exact in the first.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x; arguments beyond -87 and 88 count as these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        x = TLanes.Max(TLanes.Broadcast(Lowest), TLanes.Min(TLanes.Broadcast(Highest), x));
        var n = TLanes.Round(TLanes.Multiply(x, TLanes.Broadcast(1.44269504f)));
        var r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), r);

        // The minimax polynomial of Cephes' expf for (e^r - 1 - r) / r^2.
        var p = TLanes.Broadcast(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        var power = TLanes.MultiplyAdd(p, TLanes.Multiply(r, r), TLanes.Add(r, TLanes.Broadcast(1)));
        return TLanes.Multiply(power, TLanes.PowerOfTwo(n));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x)
    {
        var one = TLanes.Broadcast(1);
        return TLanes.Divide(one, TLanes.Add(one, Exp(TLanes.Subtract(TLanes.Broadcast(0), x))));
    }
}
