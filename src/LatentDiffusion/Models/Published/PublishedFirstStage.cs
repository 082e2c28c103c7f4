using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Models.Published;

/// <summary>A published first stage.</summary>
/// <param name="Architecture">Encoder and decoder.</param>
/// <param name="EmbedDim">Channels of the latents.</param>
/// <param name="Codes">Codebook entries of a VQ autoencoder; null for KL.</param>
/// <param name="Parameters">How many weights it has.</param>
public sealed record PublishedFirstStage(AutoencoderConfig Architecture, int EmbedDim, int? Codes, long Parameters)
{
    /// <summary>Builds it with fresh weights.</summary>
    public FirstStage Build() =>
        Codes is { } codes
            ? new VqAutoencoder(Architecture, EmbedDim, codes)
            : new KlAutoencoder(Architecture, EmbedDim);
}
