using LatentDiffusion.Models.Detection;
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

    /// <summary>The channels that label maps have and become, for models of maps.</summary>
    public (int Labels, int Channels)? ChannelMapper { get; init; }

    /// <summary>The conditioner's network, or null.</summary>
    internal ConditionerShape? Conditioner =>
        ClassEmbedder is { } classes ? new ConditionerShape.Classes(classes.EmbedDim, classes.Classes)
        : Transformer is { } t ? new ConditionerShape.Tokens(t.VocabularySize, t.Length, t.Width, t.Depth)
        : ChannelMapper is { } map ? new ConditionerShape.Map(map.Labels, map.Channels, HasBias: false)
        : null;

    /// <summary>
    /// Builds the network whose names are those below <see cref="ModelTensors.ConditionerPrefix"/>, with fresh weights; null
    /// where there is none.
    /// </summary>
    public nn.Module? BuildConditioner() => Conditioner?.Build();
}

/// <summary>The shape of a published <see cref="TokenTransformer"/>.</summary>
/// <param name="VocabularySize">Number of different tokens.</param>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="Width">Channels of the context tokens.</param>
/// <param name="Depth">Layers.</param>
/// <param name="Parameters">How many weights it has.</param>
public sealed record PublishedTransformer(int VocabularySize, int Length, int Width, int Depth, long Parameters);
