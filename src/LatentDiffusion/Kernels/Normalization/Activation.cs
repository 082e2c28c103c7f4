using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Normalization;

/// <summary>The SiLU that follows nearly every group normalisation: x / (1 + e^-x).</summary>
internal static class Activation<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Silu(TVector x)
    {
        var one = TLanes.Broadcast(1);
        var exp = Exponential<TLanes, TVector>.Exp(TLanes.Subtract(TLanes.Broadcast(0), x));
        return TLanes.Divide(x, TLanes.Add(one, exp));
    }

    /// <summary>The gradient before SiLU, from its argument and the gradient after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector SiluGradient(TVector x, TVector gradient)
    {
        var one = TLanes.Broadcast(1);
        var sigmoid = Exponential<TLanes, TVector>.Sigmoid(x);
        var slope = TLanes.MultiplyAdd(x, TLanes.Subtract(one, sigmoid), one);
        return TLanes.Multiply(gradient, TLanes.Multiply(sigmoid, slope));
    }
}
