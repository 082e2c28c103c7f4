using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Winograd;

/// <summary>A dY A^T: the gradient of a tile's 4x4 outputs back to its 36 products (the output transform's transpose).</summary>
internal static unsafe class GradientTransform<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Transforms one tile of a panel of channels.</summary>
    /// <param name="gradient">Of the output, [B, H, W, C].</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <param name="tile">Which tile.</param>
    /// <param name="channel">The panel's first channel.</param>
    /// <param name="channels">How many; a multiple of the register width.</param>
    /// <param name="m">The target: 36 rows.</param>
    /// <param name="mStep">Floats from one of these rows to the next.</param>
    /// <param name="zeros">As many zeros as a panel has channels, read in place of outputs beyond the map.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        float* gradient,
        ConvolutionShape shape,
        int tile,
        int channel,
        int channels,
        float* m,
        nint mStep,
        float* zeros
    )
    {
        var (image, top, left) = shape.Place(tile);
        var pixels = stackalloc float*[16];
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                var (row, column) = (top + i, left + j);
                pixels[4 * i + j] =
                    row < shape.Height && column < shape.Width
                        ? gradient
                            + (((nint)image * shape.Height + row) * shape.Width + column) * shape.Output
                            + channel
                        : zeros;
            }
        }

        var width = TLanes.Width;
        var half = stackalloc float[24 * width];
        for (var c = 0; c < channels; c += width)
        {
            for (var j = 0; j < 4; j++)
            {
                Line(
                    TLanes.Load(pixels[j] + c),
                    TLanes.Load(pixels[4 + j] + c),
                    TLanes.Load(pixels[8 + j] + c),
                    TLanes.Load(pixels[12 + j] + c),
                    half + j * width,
                    4 * width
                );
            }

            for (var i = 0; i < 6; i++)
            {
                var line = half + 4 * i * width;
                Line(
                    TLanes.Load(line),
                    TLanes.Load(line + width),
                    TLanes.Load(line + 2 * width),
                    TLanes.Load(line + 3 * width),
                    m + 6 * i * mStep + c,
                    mStep
                );
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(TVector y0, TVector y1, TVector y2, TVector y3, float* target, nint step)
    {
        var four = TLanes.Broadcast(4);
        var even = TLanes.Add(y0, y2);
        var odd = TLanes.Add(y1, y3);
        var outerEven = TLanes.MultiplyAdd(four, y2, y0);
        var outerOdd = TLanes.Multiply(TLanes.Broadcast(2), TLanes.MultiplyAdd(four, y3, y1));
        TLanes.Store(y0, target);
        TLanes.Store(TLanes.Add(even, odd), target + step);
        TLanes.Store(TLanes.Subtract(even, odd), target + 2 * step);
        TLanes.Store(TLanes.Add(outerEven, outerOdd), target + 3 * step);
        TLanes.Store(TLanes.Subtract(outerEven, outerOdd), target + 4 * step);
        TLanes.Store(y3, target + 5 * step);
    }
}
