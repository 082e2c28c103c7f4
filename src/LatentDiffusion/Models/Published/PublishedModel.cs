using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Published;

/// <summary>A published latent diffusion model.</summary>
/// <param name="Unet">The denoising network.</param>
/// <param name="UnetParameters">How many weights the UNet has.</param>
/// <param name="FirstStage">Its first stage, by name.</param>
public sealed record PublishedModel(UnetConfig Unet, long UnetParameters, string FirstStage)
{
    /// <summary>The embedder of class labels, for class-conditional models.</summary>
    public (int EmbedDim, int Classes)? ClassEmbedder { get; init; }

    /// <summary>The transformer of captions or layouts, for models with one.</summary>
    public PublishedTransformer? Transformer { get; init; }

    /// <summary>The prefix of a conditioner's weights that this library has no network for.</summary>
    public string? UnknownConditioner { get; init; }

    /// <summary>
    /// Builds the network whose names are those below <see cref="ModelTensors.ConditionerPrefix"/>, with fresh weights; null
    /// where there is none.
    /// </summary>
    public nn.Module? BuildConditioner() =>
        ClassEmbedder is { } shape ? new ClassEmbedder(shape.EmbedDim, shape.Classes)
        : Transformer is { } t ? new TokenTransformer(t.VocabularySize, t.Length, t.Width, t.Depth)
        : null;
}

/// <summary>The shape of a published <see cref="TokenTransformer"/>.</summary>
/// <param name="VocabularySize">Number of different tokens.</param>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="Width">Channels of the context tokens.</param>
/// <param name="Depth">Layers.</param>
/// <param name="Parameters">How many weights it has.</param>
public sealed record PublishedTransformer(int VocabularySize, int Length, int Width, int Depth, long Parameters);
