using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>
/// Maps [B, C, H, W] whose memory is laid out as [B, H, W, C]: a pixel's channels lie side by side, as kernels, matrix
/// products and attention want them.
/// </summary>
internal static class ChannelsLast
{
    /// <summary>The map as a contiguous [B, H, W, C]; copied only if it is laid out otherwise.</summary>
    public static Tensor Pixels(Tensor map)
    {
        using var view = map.permute(0, 2, 3, 1);
        return view.contiguous();
    }

    /// <summary>The same map, laid out channels-last.</summary>
    public static Tensor Arrange(Tensor map)
    {
        using var pixels = Pixels(map);
        return Map(pixels);
    }

    /// <summary>[B, H, W, C] seen as [B, C, H, W].</summary>
    public static Tensor Map(Tensor pixels) => pixels.permute(0, 3, 1, 2);
}
