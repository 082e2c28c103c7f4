using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>The few layers that every network here is made of, by their usual names.</summary>
internal static class Layer
{
    /// <summary>A 3x3 convolution that keeps the size at stride 1 (padding 1 on every side).</summary>
    public static ConvolutionLayer Convolution3x3(long input, long output, int stride = 1) =>
        new(input, output, kernel: 3, stride, padding: 1);

    /// <summary>A 1x1 convolution.</summary>
    public static ConvolutionLayer Convolution1x1(long input, long output, bool bias = true) =>
        new(input, output, kernel: 1, bias: bias);

    /// <summary>Sets all parameters of <paramref name="module"/> to zero, so that a residual branch starts as nothing.</summary>
    public static T ZeroInitialised<T>(T module)
        where T : nn.Module
    {
        using var _ = no_grad();
        foreach (var parameter in module.parameters())
        {
            parameter.zero_();
        }

        return module;
    }

    /// <summary>x + other, in the place of x where gradients allow it.</summary>
    /// <param name="x">Not to be read afterwards.</param>
    /// <param name="other">Broadcastable to the shape of x.</param>
    public static Tensor AddOver(Tensor x, Tensor other)
    {
        if (Gradients.Needed(x, other))
        {
            return x.Plus(other);
        }

        x.PlusInPlace(other);
        return x.alias();
    }

    /// <summary>Nearest-neighbour upsampling by 2: [B,C,H,W] to [B,C,2H,2W].</summary>
    public static Tensor UpsampleNearest(Tensor x) =>
        nn.functional.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest);

    /// <summary>Average pooling by 2: [B,C,H,W] to [B,C,H/2,W/2].</summary>
    public static Tensor AveragePool(Tensor x) => nn.functional.avg_pool2d(x, 2);

    /// <summary>[B, H, W, C] as a map [B, C, H, W] in the layout that the rest of the network computes in.</summary>
    public static Tensor MapOf(Tensor pixels)
    {
        using var map = ChannelsLast.Map(pixels);
        return KernelSet.Current is null ? map.contiguous() : map.alias();
    }

    /// <summary>Multi-head attention, softmax(q kT / sqrt(d)) v, without a stored score matrix.</summary>
    /// <param name="query">[B, heads, T, d].</param>
    /// <param name="key">[B, heads, S, d].</param>
    /// <param name="value">[B, heads, S, d].</param>
    /// <returns>[B, heads, T, d].</returns>
    public static Tensor Attention(Tensor query, Tensor key, Tensor value)
    {
        MultiplyAddCounter.Add(2 * query.numel() * key.shape[2]);
        return KernelSet.Current is { } kernels && AttentionOperator.Fits(query, key, value)
            ? AttentionOperator.Apply(kernels, query, key, value)
            : nn.functional.scaled_dot_product_attention(query, key, value);
    }
}
