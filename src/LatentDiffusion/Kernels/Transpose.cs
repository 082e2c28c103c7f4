using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LatentDiffusion.Kernels;

/// <summary>Transposes blocks of 8 by 8 floats in registers.</summary>
internal static class Transpose
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block(
        ref Vector256<float> r0,
        ref Vector256<float> r1,
        ref Vector256<float> r2,
        ref Vector256<float> r3,
        ref Vector256<float> r4,
        ref Vector256<float> r5,
        ref Vector256<float> r6,
        ref Vector256<float> r7
    )
    {
        var a0 = Avx.UnpackLow(r0, r1);
        var a1 = Avx.UnpackHigh(r0, r1);
        var a2 = Avx.UnpackLow(r2, r3);
        var a3 = Avx.UnpackHigh(r2, r3);
        var a4 = Avx.UnpackLow(r4, r5);
        var a5 = Avx.UnpackHigh(r4, r5);
        var a6 = Avx.UnpackLow(r6, r7);
        var a7 = Avx.UnpackHigh(r6, r7);
        var b0 = Avx.Shuffle(a0, a2, 0x44);
        var b1 = Avx.Shuffle(a0, a2, 0xEE);
        var b2 = Avx.Shuffle(a1, a3, 0x44);
        var b3 = Avx.Shuffle(a1, a3, 0xEE);
        var b4 = Avx.Shuffle(a4, a6, 0x44);
        var b5 = Avx.Shuffle(a4, a6, 0xEE);
        var b6 = Avx.Shuffle(a5, a7, 0x44);
        var b7 = Avx.Shuffle(a5, a7, 0xEE);
        r0 = Avx.Permute2x128(b0, b4, 0x20);
        r1 = Avx.Permute2x128(b1, b5, 0x20);
        r2 = Avx.Permute2x128(b2, b6, 0x20);
        r3 = Avx.Permute2x128(b3, b7, 0x20);
        r4 = Avx.Permute2x128(b0, b4, 0x31);
        r5 = Avx.Permute2x128(b1, b5, 0x31);
        r6 = Avx.Permute2x128(b2, b6, 0x31);
        r7 = Avx.Permute2x128(b3, b7, 0x31);
    }

    /// <summary>Reads 8 rows of 8 floats and returns their columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Columns(
        float* source,
        nint row,
        out Vector256<float> c0,
        out Vector256<float> c1,
        out Vector256<float> c2,
        out Vector256<float> c3,
        out Vector256<float> c4,
        out Vector256<float> c5,
        out Vector256<float> c6,
        out Vector256<float> c7
    )
    {
        c0 = Vector256.Load(source);
        c1 = Vector256.Load(source + row);
        c2 = Vector256.Load(source + 2 * row);
        c3 = Vector256.Load(source + 3 * row);
        c4 = Vector256.Load(source + 4 * row);
        c5 = Vector256.Load(source + 5 * row);
        c6 = Vector256.Load(source + 6 * row);
        c7 = Vector256.Load(source + 7 * row);
        Block(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
    }
}
