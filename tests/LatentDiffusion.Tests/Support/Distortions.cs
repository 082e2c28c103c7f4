using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>Ways to spoil images [B, 3, H, W] by a known amount.</summary>
internal static class Distortions
{
    /// <summary>Gaussian blur; at the borders the weights inside are scaled up.</summary>
    /// <param name="images">[B, 3, H, W].</param>
    /// <param name="sigma">In pixels.</param>
    public static torch.Tensor Blur(torch.Tensor images, double sigma)
    {
        using var scope = torch.NewDisposeScope();
        var (vertical, horizontal) = (BlurMatrix(images.shape[2], sigma), BlurMatrix(images.shape[3], sigma));
        return torch.einsum("ij,bcjk,lk->bcil", vertical, images, horizontal).MoveToOuterDisposeScope();
    }

    /// <summary>Adds independent normal noise.</summary>
    /// <param name="images">[B, 3, H, W].</param>
    /// <param name="sigma">Its standard deviation, where the images' range has length 2.</param>
    /// <param name="seed">Seed of the noise.</param>
    public static torch.Tensor AddNoise(torch.Tensor images, double sigma, ulong seed)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(seed);
        return images.add(torch.randn(images.shape, generator: generator).mul_(sigma)).MoveToOuterDisposeScope();
    }

    /// <summary>Moves images to the right and down, repeating the border.</summary>
    /// <param name="images">[B, 3, H, W].</param>
    /// <param name="pixels">How far.</param>
    public static torch.Tensor Shift(torch.Tensor images, int pixels)
    {
        using var scope = torch.NewDisposeScope();
        return images
            .index_select(2, Moved(images.shape[2], pixels))
            .index_select(3, Moved(images.shape[3], pixels))
            .MoveToOuterDisposeScope();
    }

    private static torch.Tensor Moved(long length, int pixels) => torch.arange(length).sub(pixels).clamp_min(0);

    private static torch.Tensor BlurMatrix(long length, double sigma)
    {
        var position = torch.arange(length, dtype: torch.float32);
        var weights = (position.unsqueeze(0) - position.unsqueeze(1)).div(sigma).pow(2).mul(-0.5).exp();
        return weights / weights.sum(1, keepdim: true);
    }
}
