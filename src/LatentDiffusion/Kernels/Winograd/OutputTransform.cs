using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Winograd;

/// <summary>Y = A^T m A: 36 products of a tile to its 4x4 outputs, with the bias and a residual added on the way.</summary>
internal static unsafe class OutputTransform<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Writes one tile.</summary>
    /// <param name="m">The products: 36 rows.</param>
    /// <param name="mStep">Floats from one of these rows to the next.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <param name="tile">Which tile.</param>
    /// <param name="channel">The first output channel of <paramref name="m"/>'s columns.</param>
    /// <param name="channels">How many to write; a multiple of the register width.</param>
    /// <param name="bias">One value per output channel, or null.</param>
    /// <param name="residual">[B, H, W, C] to add, or null.</param>
    /// <param name="y">The target, [B, H, W, C].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        float* m,
        nint mStep,
        ConvolutionShape shape,
        int tile,
        int channel,
        int channels,
        float* bias,
        float* residual,
        float* y
    )
    {
        var (image, top, left) = shape.Place(tile);
        var rows = Math.Min(4, shape.Height - top);
        var columns = Math.Min(4, shape.Width - left);
        var origin = (((nint)image * shape.Height + top) * shape.Width + left) * shape.Output + channel;
        var width = TLanes.Width;
        var half = stackalloc float[24 * width];
        for (var c = 0; c < channels; c += width)
        {
            for (var j = 0; j < 6; j++)
            {
                var line = m + j * mStep + c;
                Line(
                    TLanes.Load(line),
                    TLanes.Load(line + 6 * mStep),
                    TLanes.Load(line + 12 * mStep),
                    TLanes.Load(line + 18 * mStep),
                    TLanes.Load(line + 24 * mStep),
                    TLanes.Load(line + 30 * mStep),
                    out var h0,
                    out var h1,
                    out var h2,
                    out var h3
                );
                TLanes.Store(h0, half + j * width);
                TLanes.Store(h1, half + (6 + j) * width);
                TLanes.Store(h2, half + (12 + j) * width);
                TLanes.Store(h3, half + (18 + j) * width);
            }

            var shift = bias == null ? TLanes.Broadcast(0) : TLanes.Load(bias + channel + c);
            for (var i = 0; i < rows; i++)
            {
                var line = half + 6 * i * width;
                Line(
                    TLanes.Load(line),
                    TLanes.Load(line + width),
                    TLanes.Load(line + 2 * width),
                    TLanes.Load(line + 3 * width),
                    TLanes.Load(line + 4 * width),
                    TLanes.Load(line + 5 * width),
                    out var y0,
                    out var y1,
                    out var y2,
                    out var y3
                );
                var at = origin + (nint)i * shape.Width * shape.Output + c;
                Write(TLanes.Add(y0, shift), y, residual, at);
                if (columns > 1)
                {
                    Write(TLanes.Add(y1, shift), y, residual, at + shape.Output);
                }

                if (columns > 2)
                {
                    Write(TLanes.Add(y2, shift), y, residual, at + 2 * shape.Output);
                }

                if (columns > 3)
                {
                    Write(TLanes.Add(y3, shift), y, residual, at + 3 * shape.Output);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(TVector value, float* y, float* residual, nint at) =>
        TLanes.Store(residual == null ? value : TLanes.Add(value, TLanes.Load(residual + at)), y + at);

    // A^T = [1 1 1 1 1 0; 0 1 -1 2 -2 0; 0 1 1 4 4 0; 0 1 -1 8 -8 1].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Line(
        TVector m0,
        TVector m1,
        TVector m2,
        TVector m3,
        TVector m4,
        TVector m5,
        out TVector y0,
        out TVector y1,
        out TVector y2,
        out TVector y3
    )
    {
        var sum = TLanes.Add(m1, m2);
        var difference = TLanes.Subtract(m1, m2);
        var outerSum = TLanes.Add(m3, m4);
        var outerDifference = TLanes.Subtract(m3, m4);
        y0 = TLanes.Add(m0, TLanes.Add(sum, outerSum));
        y1 = TLanes.MultiplyAdd(TLanes.Broadcast(2), outerDifference, difference);
        y2 = TLanes.MultiplyAdd(TLanes.Broadcast(4), outerSum, sum);
        y3 = TLanes.MultiplyAdd(TLanes.Broadcast(8), outerDifference, TLanes.Add(difference, m5));
    }
}
