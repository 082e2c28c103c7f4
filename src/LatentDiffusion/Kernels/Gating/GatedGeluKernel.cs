using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Gating;

/// <summary>The gated GELU of a feed-forward network, value times GELU(gate), in one pass over memory.</summary>
internal static unsafe class GatedGeluKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // Rows per piece of work.
    private const int Piece = 64;

    /// <summary>y = v GELU(g), GELU(g) = g (1 + erf(g / sqrt 2)) / 2.</summary>
    /// <param name="rows">Tokens.</param>
    /// <param name="columns">Channels of the result; a multiple of the register width.</param>
    /// <param name="x">[rows, 2 columns]: values, then gates.</param>
    /// <param name="y">[rows, columns].</param>
    public static void Run(int rows, int columns, float* x, float* y) =>
        ThreadTeam.ForEach(
            (rows + Piece - 1) / Piece,
            (piece, _) =>
            {
                for (var row = piece * Piece; row < Math.Min(rows, (piece + 1) * Piece); row++)
                {
                    Row(columns, x + (nint)row * 2 * columns, y + (nint)row * columns);
                }
            }
        );

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(int columns, float* x, float* y)
    {
        for (var c = 0; c < columns; c += TLanes.Width)
        {
            var gate = TLanes.Load(x + columns + c);
            var half = TLanes.Multiply(TLanes.Broadcast(0.5f), TLanes.Multiply(gate, TLanes.Load(x + c)));
            var error = ErrorFunction(TLanes.Multiply(gate, TLanes.Broadcast(0.707106781f)));
            TLanes.Store(TLanes.MultiplyAdd(half, error, half), y + c);
        }
    }

    // Abramowitz and Stegun 7.1.26, to 1.5e-7: erf is odd, so the polynomial sees |x| and the sign comes back as x / |x|.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ErrorFunction(TVector x)
    {
        var (zero, one) = (TLanes.Broadcast(0), TLanes.Broadcast(1));
        var magnitude = TLanes.Max(x, TLanes.Subtract(zero, x));
        var t = TLanes.Divide(one, TLanes.MultiplyAdd(magnitude, TLanes.Broadcast(0.3275911f), one));
        var p = TLanes.Broadcast(1.061405429f);
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-1.453152027f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(1.421413741f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(-0.284496736f));
        p = TLanes.MultiplyAdd(p, t, TLanes.Broadcast(0.254829592f));
        var tail = TLanes.Multiply(
            TLanes.Multiply(p, t),
            Exponential<TLanes, TVector>.Exp(TLanes.Multiply(TLanes.Subtract(zero, magnitude), magnitude))
        );
        var tiny = TLanes.Broadcast(1e-30f);
        return TLanes.Multiply(TLanes.Subtract(one, tail), TLanes.Divide(x, TLanes.Max(magnitude, tiny)));
    }
}
