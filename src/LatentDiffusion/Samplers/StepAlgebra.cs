using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>What all step rules calculate with.</summary>
internal static class StepAlgebra
{
    /// <summary>a first + b second.</summary>
    public static Tensor Mix(double a, Tensor first, double b, Tensor second)
    {
        using var scope = NewDisposeScope();
        return first.mul(Scalars.Of(a)).Plus(second.mul(Scalars.Of(b))).MoveToOuterDisposeScope();
    }

    /// <summary>exp(x) - 1 without cancellation (Kahan's way), for x up to 0.</summary>
    public static double ExpMinus1(double x)
    {
        var exponential = Math.Exp(x);
        return exponential == 1 ? x
            : exponential == 0 ? -1
            : (exponential - 1) * x / Math.Log(exponential);
    }
}
