namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Height and width of latents, which conditions made of channels must share.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct LatentSize(int Height, int Width)
{
    /// <summary>The size of a batch.</summary>
    /// <param name="latents">[B, C, h, w].</param>
    public static LatentSize Of(TorchSharp.torch.Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        return new LatentSize((int)latents.shape[2], (int)latents.shape[3]);
    }

    /// <summary>The size of the latents of an image.</summary>
    /// <param name="height">Height of the image in pixels.</param>
    /// <param name="width">Width of the image in pixels.</param>
    /// <param name="factor">How many times smaller latents are.</param>
    internal static LatentSize OfImage(int height, int width, int factor) => new(height / factor, width / factor);
}
