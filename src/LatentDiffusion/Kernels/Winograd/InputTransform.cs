using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Winograd;

/// <summary>
/// V = B^T d B for 6x6 windows d that overlap by two pixels (Lavin and Gray 2015, F(4x4, 3x3)), channels side by side in
/// the vector lanes.
/// </summary>
internal static unsafe class InputTransform<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Transforms one window.</summary>
    /// <param name="x">The map, [B, H, W, C].</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="tile">Which window.</param>
    /// <param name="v">The target: 36 rows of C floats.</param>
    /// <param name="vStep">Floats from one of these rows to the next.</param>
    /// <param name="zeros">C zeros, read in place of the pixels around the map.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, ConvolutionShape shape, int tile, float* v, nint vStep, float* zeros)
    {
        var (image, top, left) = shape.Place(tile);
        var pixels = stackalloc float*[36];
        for (var i = 0; i < 6; i++)
        {
            for (var j = 0; j < 6; j++)
            {
                var (row, column) = (top + i - 1, left + j - 1);
                var inside = (uint)row < (uint)shape.Height && (uint)column < (uint)shape.Width;
                pixels[6 * i + j] = inside ? x + shape.Pixel(image, row, column) * shape.Input : zeros;
            }
        }

        var width = TLanes.Width;
        var half = stackalloc float[36 * width];
        for (var c = 0; c < shape.Input; c += width)
        {
            for (var j = 0; j < 6; j++)
            {
                Line(
                    TLanes.Load(pixels[j] + c),
                    TLanes.Load(pixels[6 + j] + c),
                    TLanes.Load(pixels[12 + j] + c),
                    TLanes.Load(pixels[18 + j] + c),
                    TLanes.Load(pixels[24 + j] + c),
                    TLanes.Load(pixels[30 + j] + c),
                    half + j * width,
                    6 * width
                );
            }

            for (var i = 0; i < 6; i++)
            {
                var line = half + 6 * i * width;
                Line(
                    TLanes.Load(line),
                    TLanes.Load(line + width),
                    TLanes.Load(line + 2 * width),
                    TLanes.Load(line + 3 * width),
                    TLanes.Load(line + 4 * width),
                    TLanes.Load(line + 5 * width),
                    v + 6 * i * vStep + c,
                    vStep
                );
            }
        }
    }

    // B^T = [4 0 -5 0 1 0; 0 -4 -4 1 1 0; 0 4 -4 -1 1 0; 0 -2 -1 2 1 0; 0 2 -1 -2 1 0; 0 4 0 -5 0 1].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(
        TVector d0,
        TVector d1,
        TVector d2,
        TVector d3,
        TVector d4,
        TVector d5,
        float* target,
        nint step
    )
    {
        var two = TLanes.Broadcast(2);
        var four = TLanes.Broadcast(4);
        var minusFour = TLanes.Broadcast(-4);
        var minusFive = TLanes.Broadcast(-5);
        var even = TLanes.MultiplyAdd(minusFour, d2, d4);
        var odd = TLanes.MultiplyAdd(minusFour, d1, d3);
        var evenHalf = TLanes.Subtract(d4, d2);
        var oddHalf = TLanes.Multiply(two, TLanes.Subtract(d3, d1));
        TLanes.Store(TLanes.MultiplyAdd(four, d0, TLanes.MultiplyAdd(minusFive, d2, d4)), target);
        TLanes.Store(TLanes.Add(even, odd), target + step);
        TLanes.Store(TLanes.Subtract(even, odd), target + 2 * step);
        TLanes.Store(TLanes.Add(evenHalf, oddHalf), target + 3 * step);
        TLanes.Store(TLanes.Subtract(evenHalf, oddHalf), target + 4 * step);
        TLanes.Store(TLanes.MultiplyAdd(four, d1, TLanes.MultiplyAdd(minusFive, d3, d5)), target + 5 * step);
    }
}
