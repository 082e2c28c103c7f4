using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>No compression: the latents are the pixels (f = 1, the paper's LDM-1).</summary>
/// <param name="imageChannels">Channels of the images.</param>
public sealed class IdentityFirstStage(int imageChannels) : FirstStage(nameof(IdentityFirstStage), imageChannels, 1)
{
    /// <inheritdoc/>
    public override Tensor Encode(Tensor images)
    {
        CheckImages(images);
        return images.alias();
    }

    /// <inheritdoc/>
    public override Tensor SampleLatents(Tensor encoded, Generator? generator = null) => encoded.alias();

    /// <inheritdoc/>
    public override Tensor ModeOfLatents(Tensor encoded) => encoded.alias();

    /// <inheritdoc/>
    public override Tensor Decode(Tensor latents) => latents.alias();

    internal override Tensor EncodeBy(Tensor images, LayerChainEvaluation run) => Encode(images);

    internal override Tensor DecodeBy(Tensor latents, LayerChainEvaluation run) => Decode(latents);
}
