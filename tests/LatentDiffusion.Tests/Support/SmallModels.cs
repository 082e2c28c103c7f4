using System.Globalization;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Text;
using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>Small models: of every shape that published ones have, and of pixels.</summary>
internal static class SmallModels
{
    private static readonly AutoencoderConfig Network = new()
    {
        Channels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        ZChannels = 3,
        Resolution = 256,
        AttentionResolutions = [128],
    };

    private static readonly UnetConfig Unet = new()
    {
        InChannels = 3,
        OutChannels = 3,
        ModelChannels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [2],
        NumHeadChannels = 32,
    };

    /// <summary>The smallest that draws: diffusion of 8x8 pixels, without a condition.</summary>
    public static LatentDiffusionModelConfig Pixels { get; } =
        new()
        {
            FirstStage = new IdentityConfig(),
            ImageSize = 8,
            Unet = new UnetConfig
            {
                InChannels = 3,
                OutChannels = 3,
                ModelChannels = 32,
                ChannelMult = [1],
                NumResBlocks = 1,
                NumHeads = 1,
            },
        };

    /// <summary>Names of those that are shown pictures or layouts.</summary>
    public static IReadOnlyList<string> Pictured { get; } =
    ["super-resolution", "inpainting", "semantic-map", "layout", "clip-inpainting"];

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names =>
        ["unconditional", "updown", "class-token", "tokens", "clip", .. Pictured];

    public static LatentDiffusionModelConfig Config(string name)
    {
        var plain = new LatentDiffusionModelConfig
        {
            ImageSize = 16,
            FirstStage = new VqConfig
            {
                Network = Network,
                EmbedDim = 3,
                Codes = 12,
            },
            Unet = Unet,
            Schedule = new NoiseScheduleConfig { LinearStart = 0.00085, LinearEnd = 0.012 },
        };
        return name switch
        {
            "unconditional" => plain,
            "updown" => plain with { Unet = Unet with { ResblockUpdown = true, UseScaleShiftNorm = true } },
            "class-token" => plain with
            {
                Unet = Unet with { UseSpatialTransformer = true, ContextDim = 8 },
                Conditioner = new ClassTokenConfig { EmbedDim = 8 },
                Classes = ["0", "1", "2"],
            },
            "tokens" => plain with
            {
                Unet = Unet with { UseSpatialTransformer = true, ContextDim = 16, TransformerDepth = 2 },
                Conditioner = new TextTransformerConfig
                {
                    EmbedDim = 16,
                    Depth = 2,
                    MaxLength = 7,
                    Tokenizer = new TokenIdsConfig { VocabularySize = 20 },
                },
                FirstStage = new KlConfig { Network = Network, EmbedDim = 3 },
            },
            "clip" => plain with
            {
                Unet = Unet with { UseSpatialTransformer = true, ContextDim = 64 },
                Conditioner = new ClipTextConfig
                {
                    EmbedDim = 64,
                    Depth = 1,
                    Heads = 1,
                    MaxLength = 7,
                    Weights = "none",
                    Tokenizer = new TokenIdsConfig { VocabularySize = 20 },
                },
                FirstStage = new KlConfig { Network = Network, EmbedDim = 3 },
            },
            "super-resolution" => plain with
            {
                Unet = Unet with { InChannels = 6 },
                Conditioner = new SuperResolutionConfig { Scale = 2, Degradation = LowResolutionKind.BsrLight },
            },
            "inpainting" => plain with { Unet = Unet with { InChannels = 7 }, Conditioner = new InpaintingConfig() },
            "semantic-map" => plain with
            {
                Unet = Unet with { InChannels = 5 },
                Conditioner = new SemanticMapConfig
                {
                    Channels = 2,
                    Stages = 1,
                    DropProbability = 0,
                },
                MapLabels = ["0", "1", "2", "3", "4"],
            },
            // Tokens are known for layouts by the published vocabulary and length.
            "layout" => plain with
            {
                Unet = Unet with { UseSpatialTransformer = true, ContextDim = 16 },
                Conditioner = new LayoutConfig
                {
                    EmbedDim = 16,
                    Depth = 1,
                    DropProbability = 0,
                },
                LayoutLabels = [.. Enumerable.Range(0, 354).Select(id => id.ToString(CultureInfo.InvariantCulture))],
            },
            "clip-inpainting" => Config("clip") with
            {
                Unet = Config("clip").Unet with { InChannels = 7 },
                Conditioner = new HybridConfig
                {
                    Parts =
                    [
                        (ClipTextConfig)Config("clip").Conditioner!,
                        new InpaintingConfig { Convention = InpaintingConvention.StableDiffusion },
                    ],
                },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }

    /// <summary>Writes the weights alone, without a description, as published checkpoints have them.</summary>
    public static void Write(string name, string path, double scaleFactor = 0.25)
    {
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(1);
        using var model = new LatentDiffusionModel(Config(name)) { ScaleFactor = scaleFactor };
        if (Pictured.Contains(name))
        {
            // Fresh UNets predict nothing, whatever they are shown.
            FormulaWeights.Fill(model.Unet);
            if (model.Conditioner?.Network is { } network)
            {
                FormulaWeights.Fill(network);
            }
        }

        SafetensorsWriter.Write(path, ModelTensors.Of(model, ema: null));
    }
}
