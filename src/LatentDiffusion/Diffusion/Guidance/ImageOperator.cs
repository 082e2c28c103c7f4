using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>Differentiable operators on images for <see cref="GuidanceTarget"/>.</summary>
public static class ImageOperator
{
    /// <summary>The image as it is.</summary>
    public static Tensor Identity(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        return images.alias();
    }

    /// <summary>Bicubic downsampling with antialiasing.</summary>
    /// <param name="factor">How many times smaller, per side.</param>
    /// <returns>From [B, C, H, W] to [B, C, H / factor, W / factor].</returns>
    public static Func<Tensor, Tensor> BicubicDownsampling(int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        return images =>
            nn.functional.interpolate(
                images,
                size: [images.shape[2] / factor, images.shape[3] / factor],
                mode: InterpolationMode.Bicubic,
                align_corners: false,
                antialias: true
            );
    }

    /// <summary>What a mask leaves of images.</summary>
    /// <param name="mask">[1 or B, 1 or C, H, W], 1 where images count; borrowed.</param>
    public static Func<Tensor, Tensor> Mask(Tensor mask) => images => images.mul(mask);
}
