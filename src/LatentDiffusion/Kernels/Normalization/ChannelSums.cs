using System.Runtime.CompilerServices;

namespace LatentDiffusion.Kernels.Normalization;

/// <summary>Two sums per channel over the positions of a strip.</summary>
internal static unsafe class ChannelSums<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Sums of x - shift and of its square; with a typical value as the shift nothing cancels.</summary>
    /// <param name="x">The strip, [pixels, channels].</param>
    /// <param name="pixels">Positions.</param>
    /// <param name="channels">Channels, a multiple of the register width.</param>
    /// <param name="shift">One value per channel.</param>
    /// <param name="sums">The target: channels sums, then channels sums of squares.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Moments(float* x, int pixels, int channels, float* shift, float* sums)
    {
        for (var c = 0; c < channels; c += TLanes.Width)
        {
            var center = TLanes.Load(shift + c);
            var (sum, square) = (TLanes.Broadcast(0), TLanes.Broadcast(0));
            var (sum2, square2) = (sum, square);
            var from = x + c;
            var p = 0;
            for (; p + 1 < pixels; p += 2)
            {
                var a = TLanes.Subtract(TLanes.Load(from), center);
                var b = TLanes.Subtract(TLanes.Load(from + channels), center);
                from += 2 * channels;
                sum = TLanes.Add(sum, a);
                sum2 = TLanes.Add(sum2, b);
                square = TLanes.MultiplyAdd(a, a, square);
                square2 = TLanes.MultiplyAdd(b, b, square2);
            }

            if (p < pixels)
            {
                var a = TLanes.Subtract(TLanes.Load(from), center);
                sum = TLanes.Add(sum, a);
                square = TLanes.MultiplyAdd(a, a, square);
            }

            TLanes.Store(TLanes.Add(sum, sum2), sums + c);
            TLanes.Store(TLanes.Add(square, square2), sums + channels + c);
        }
    }

    /// <summary>Sums of the gradient before the activation, and of its product with x - center.</summary>
    /// <param name="x">The strip, [pixels, channels].</param>
    /// <param name="gradient">Of the output, alike.</param>
    /// <param name="pixels">Positions.</param>
    /// <param name="channels">Channels, a multiple of the register width.</param>
    /// <param name="affine">What the normalisation did; its center is the shift.</param>
    /// <param name="silu">Whether SiLU follows the normalisation.</param>
    /// <param name="sums">The target: channels sums, then channels sums of products.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients(
        float* x,
        float* gradient,
        int pixels,
        int channels,
        Affine affine,
        bool silu,
        float* sums
    )
    {
        for (var c = 0; c < channels; c += TLanes.Width)
        {
            var center = TLanes.Load(affine.Center + c);
            var scale = TLanes.Load(affine.Scale + c);
            var offset = TLanes.Load(affine.Offset + c);
            var (sum, product) = (TLanes.Broadcast(0), TLanes.Broadcast(0));
            for (var p = 0; p < pixels; p++)
            {
                var value = TLanes.Subtract(TLanes.Load(x + (nint)p * channels + c), center);
                var g = TLanes.Load(gradient + (nint)p * channels + c);
                if (silu)
                {
                    g = Activation<TLanes, TVector>.SiluGradient(TLanes.MultiplyAdd(value, scale, offset), g);
                }

                sum = TLanes.Add(sum, g);
                product = TLanes.MultiplyAdd(g, value, product);
            }

            TLanes.Store(sum, sums + c);
            TLanes.Store(product, sums + channels + c);
        }
    }

    /// <summary>A channel's two sums over all strips of an image, in double precision.</summary>
    /// <param name="sums">[B, strips, 2, C].</param>
    /// <param name="image">Which image.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="channel">Which channel.</param>
    public static (double First, double Second) Total(float* sums, int image, NormalizationShape shape, int channel)
    {
        double first = 0;
        double second = 0;
        for (var strip = 0; strip < shape.Strips; strip++)
        {
            var at = sums + ((nint)image * shape.Strips + strip) * 2 * shape.Channels + channel;
            first += at[0];
            second += at[shape.Channels];
        }

        return (first, second);
    }
}
