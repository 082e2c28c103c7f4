using TorchSharp;

namespace LatentDiffusion.Tensors;

/// <summary>Numbers as arguments of tensor operations.</summary>
/// <remarks>
/// TorchSharp hands an operation the address of a native scalar and nothing more: a temporary scalar may be finalised by
/// the garbage collector while native code still reads it ("Unknown scalar type", or a wrong number). Each thread therefore
/// keeps its latest scalars; operations are synchronous, so that none is still read when its place is taken.
/// </remarks>
public static class Scalars
{
    private const int Kept = 256;

    [ThreadStatic]
    private static Scalar[]? _latest;

    [ThreadStatic]
    private static int _next;

    /// <summary>A real number.</summary>
    public static Scalar Of(double value) => Keep(value.ToScalar());

    /// <summary>A whole number.</summary>
    public static Scalar Of(long value) => Keep(value.ToScalar());

    private static Scalar Keep(Scalar scalar)
    {
        var latest = _latest ??= new Scalar[Kept];
        latest[_next] = scalar;
        _next = (_next + 1) % Kept;
        return scalar;
    }
}
