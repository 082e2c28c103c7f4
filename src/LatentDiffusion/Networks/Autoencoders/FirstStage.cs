using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>
/// The perceptual compression stage as latent diffusion uses it: images to latents and back (LDM section 3.1).
/// </summary>
/// <remarks>Latents here are unscaled; the diffusion model multiplies them by its scale factor.</remarks>
public abstract class FirstStage : ExplicitModule
{
    private protected FirstStage(string name, int latentChannels, int downsamplingFactor)
        : base(name)
    {
        LatentChannels = latentChannels;
        DownsamplingFactor = downsamplingFactor;
    }

    /// <summary>Channels of the latents.</summary>
    public int LatentChannels { get; }

    /// <summary>How many times smaller latents are than images, per side (the paper's f).</summary>
    public int DownsamplingFactor { get; }

    /// <summary>What the encoder says about an image's latents: the moments (KL) or the latents themselves (VQ).</summary>
    /// <param name="images">[B, C, H, W] in [-1,1]; H and W are multiples of <see cref="DownsamplingFactor"/>.</param>
    /// <returns>[B, K, H/f, W/f]; see <see cref="SampleLatents"/> for its use.</returns>
    public abstract Tensor Encode(Tensor images);

    /// <summary>Draws latents from what <see cref="Encode"/> returned; without randomness for VQ.</summary>
    /// <param name="encoded">[B, K, h, w].</param>
    /// <param name="generator">The random numbers' source, or null for the global one.</param>
    /// <returns>[B, latent channels, h, w].</returns>
    public abstract Tensor SampleLatents(Tensor encoded, Generator? generator = null);

    /// <summary>The most likely latents for what <see cref="Encode"/> returned.</summary>
    /// <param name="encoded">[B, K, h, w].</param>
    /// <returns>[B, latent channels, h, w].</returns>
    public abstract Tensor ModeOfLatents(Tensor encoded);

    /// <summary>Latents to images; VQ latents are quantised first.</summary>
    /// <param name="latents">[B, latent channels, h, w].</param>
    /// <returns>[B, C, h f, w f], about [-1,1], not clamped.</returns>
    public abstract Tensor Decode(Tensor latents);

    /// <summary><see cref="Encode"/>, with the encoder's layers computed by <paramref name="run"/>.</summary>
    internal abstract Tensor EncodeBy(Tensor images, LayerChainEvaluation run);

    /// <summary><see cref="Decode"/>, with the decoder's layers computed by <paramref name="run"/>.</summary>
    internal abstract Tensor DecodeBy(Tensor latents, LayerChainEvaluation run);

    private protected void CheckImages(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dim() != 4 || images.shape[2] % DownsamplingFactor != 0 || images.shape[3] % DownsamplingFactor != 0)
        {
            throw new ArgumentException(
                $"Images must be [B, C, H, W] with H and W multiples of {DownsamplingFactor}, "
                    + $"not [{string.Join(", ", images.shape)}]."
            );
        }
    }
}
