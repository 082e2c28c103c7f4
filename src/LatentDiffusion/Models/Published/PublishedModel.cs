using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Published;

/// <summary>A published latent diffusion model.</summary>
/// <param name="Unet">The denoising network.</param>
/// <param name="UnetParameters">How many weights the UNet has.</param>
/// <param name="FirstStage">Its first stage, by name.</param>
public sealed record PublishedModel(UnetConfig Unet, long UnetParameters, string FirstStage)
{
    /// <summary>The embedder of class labels, for class-conditional models.</summary>
    public (int EmbedDim, int Classes)? ClassEmbedder { get; init; }

    /// <summary>The prefix of a conditioner's weights that this library has no network for.</summary>
    public string? UnknownConditioner { get; init; }

    /// <summary>Builds the embedder of class labels with fresh weights; null where there is none.</summary>
    public ClassEmbedder? BuildClassEmbedder() =>
        ClassEmbedder is { } shape ? new ClassEmbedder(shape.EmbedDim, shape.Classes) : null;
}
