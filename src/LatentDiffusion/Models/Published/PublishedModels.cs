using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Published;

/// <summary>The architectures of the published checkpoints, by the names of their key lists.</summary>
public static class PublishedModels
{
    private const int BertVocabulary = 30522;
    private const int BertLength = 77;

    /// <summary>First stages by the names that the reference gives them.</summary>
    public static IReadOnlyDictionary<string, PublishedFirstStage> FirstStages { get; } =
        new Dictionary<string, PublishedFirstStage>
        {
            ["kl-f4"] = new(Autoencoder([1, 2, 4], 3), 3, null, 55_312_063),
            ["kl-f8"] = new(Autoencoder([1, 2, 4, 4], 4), 4, null, 83_653_863),
            ["kl-f16"] = new(Autoencoder([1, 1, 2, 2, 4], 16, [16]), 16, null, 69_610_963),
            ["kl-f32"] = new(Autoencoder([1, 1, 2, 2, 4, 4], 64, [16, 8]), 64, null, 103_880_131),
            ["vq-f4"] = new(Autoencoder([1, 2, 4], 3), 3, 8192, 55_322_782),
            ["vq-f4-noattn"] = new(
                Autoencoder([1, 2, 4], 3) with
                {
                    Attention = AttentionType.None,
                },
                3,
                8192,
                53_219_486
            ),
            ["vq-f8"] = new(Autoencoder([1, 2, 2, 4], 4, [32]), 4, 16384, 67_717_295),
            ["vq-f8-n256"] = new(Autoencoder([1, 2, 2, 4], 4, [32]), 4, 256, 67_652_783),
            ["vq-f16"] = new(Autoencoder([1, 1, 2, 2, 4], 8, [16]), 8, 16384, 69_593_371),
        };

    /// <summary>Latent diffusion models by the names of their key lists.</summary>
    public static IReadOnlyDictionary<string, PublishedModel> Models { get; } =
        new Dictionary<string, PublishedModel>
        {
            ["celebahq"] = new(Unet(3, 224, [1, 2, 3, 4], [8, 4, 2], headChannels: 32), 274_056_163, "vq-f4"),
            ["churches"] = new(
                Unet(4, 192, [1, 2, 2, 4, 4], [1, 2, 4, 8], heads: 8) with
                {
                    UseScaleShiftNorm = true,
                    ResblockUpdown = true,
                },
                294_966_916,
                "kl-f8"
            ),
            ["cin256"] = new(Unet(4, 256, [1, 2, 4], [4, 2, 1], headChannels: 32, context: 512), 394_984_196, "vq-f8")
            {
                ClassEmbedder = (512, 1000),
            },
            ["cin256-v2"] = new(Unet(3, 192, [1, 2, 3, 5], [8, 4, 2], heads: 1, context: 512), 400_920_579, "vq-f4")
            {
                ClassEmbedder = (512, 1001),
            },
            ["txt2img-1p4B"] = new(Unet(4, 320, [1, 2, 4, 4], [4, 2, 1], heads: 8, context: 1280), 872_300_484, "kl-f8")
            {
                Transformer = new PublishedTransformer(BertVocabulary, BertLength, 1280, 32, 581_994_042),
            },
            ["text2img256"] = new(
                Unet(3, 192, [1, 2, 3, 5], [8, 4, 2], headChannels: 32, context: 640),
                403_623_939,
                "vq-f4"
            )
            {
                Transformer = new PublishedTransformer(BertVocabulary, BertLength, 640, 32, 186_154_682),
            },
            ["layout2img"] = new(
                Unet(3, 128, [1, 2, 3, 4], [8, 4, 2], headChannels: 32, context: 512) with
                {
                    TransformerDepth = 3,
                },
                246_277_379,
                "vq-f4"
            )
            {
                Transformer = new PublishedTransformer(8192, 92, 512, 16, 58_858_496),
            },
            ["bsr_sr"] = new(
                Unet(3, 160, [1, 2, 2, 4], [16, 8], headChannels: 32) with
                {
                    InChannels = 6,
                },
                113_622_563,
                "vq-f4"
            ),
            ["inpainting_big"] = new(
                Unet(3, 256, [1, 2, 3, 4], [8, 4, 2], heads: 8) with
                {
                    InChannels = 7,
                    ResblockUpdown = true,
                },
                387_245_827,
                "vq-f4-noattn"
            ),
            ["semantic256"] = new(
                Unet(3, 128, [1, 4, 8], [32, 16, 8], heads: 8) with
                {
                    InChannels = 6,
                },
                215_229_315,
                "vq-f4"
            )
            {
                ChannelMapper = (182, 3),
            },
            ["rdm768"] = new(
                Unet(16, 448, [1, 2, 3, 4], [4, 2, 1], headChannels: 32, context: 768),
                1_335_480_400,
                "kl-f16"
            ),
        };

    /// <summary>The UNet of Stable Diffusion 1.x; 859,520,964 weights.</summary>
    public static UnetConfig StableDiffusion { get; } = Unet(4, 320, [1, 2, 4, 4], [4, 2, 1], heads: 8, context: 768);

    /// <summary>The smaller of the two inpainting UNets, whose weights were not published; 215,230,467 of them.</summary>
    public static UnetConfig SmallInpainting { get; } = Unet(3, 128, [1, 4, 8], [], heads: 8) with { InChannels = 7 };

    /// <summary>UNets of the paper's tables 13 and 14, and how many million weights they have, to one decimal.</summary>
    public static IReadOnlyDictionary<string, (UnetConfig Unet, double Millions)> Described { get; } =
        new Dictionary<string, (UnetConfig, double)>
        {
            ["class-conditional LDM-1"] = (ClassConditional(3, 192, [1, 1, 2, 2, 4, 4], [8, 16, 32]), 396.8),
            ["class-conditional LDM-2"] = (ClassConditional(2, 192, [1, 2, 2, 4, 4], [4, 8, 16]), 390.9),
            ["class-conditional LDM-4"] = (ClassConditional(3, 192, [1, 2, 3, 5], [2, 4, 8]), 400.9),
            ["class-conditional LDM-8"] = (ClassConditional(4, 256, [1, 2, 4], [1, 2, 4]), 395.0),
            ["class-conditional LDM-16"] = (ClassConditional(8, 256, [1, 2, 4], [1, 2, 4]), 395.0),
            ["class-conditional LDM-32"] = (ClassConditional(32, 256, [1, 2, 4], [1, 2, 4]), 395.1),
            ["unconditional LDM-1"] = (Unconditional(3, 192, [1, 1, 2, 2, 4, 4], [8, 16, 32]), 270.5),
            ["unconditional LDM-2"] = (Unconditional(2, 192, [1, 2, 2, 4, 4], [4, 8, 16]), 264.5),
            ["unconditional LDM-4"] = (Unconditional(3, 224, [1, 2, 3, 4], [2, 4, 8]), 274.1),
            ["unconditional LDM-8"] = (Unconditional(4, 256, [1, 2, 4], [1, 2, 4]), 257.7),
            ["unconditional LDM-16"] = (Unconditional(8, 256, [1, 2, 4], [1, 2, 4]), 257.8),
            ["unconditional LDM-32"] = (Unconditional(32, 256, [1, 2, 4], [1, 2, 4]), 257.9),
        };

    private static AutoencoderConfig Autoencoder(int[] channelMult, int zChannels, int[]? attention = null) =>
        new()
        {
            ChannelMult = channelMult,
            ZChannels = zChannels,
            AttentionResolutions = attention ?? [],
        };

    private static UnetConfig ClassConditional(int latent, int channels, int[] channelMult, int[] attention) =>
        Unet(latent, channels, channelMult, attention, heads: 1, context: 512);

    private static UnetConfig Unconditional(int latent, int channels, int[] channelMult, int[] attention) =>
        Unet(latent, channels, channelMult, attention, headChannels: 32);

    private static UnetConfig Unet(
        int latent,
        int channels,
        int[] channelMult,
        int[] attention,
        int? heads = null,
        int? headChannels = null,
        int? context = null
    ) =>
        new()
        {
            InChannels = latent,
            OutChannels = latent,
            ModelChannels = channels,
            ChannelMult = channelMult,
            AttentionResolutions = attention,
            NumHeads = heads,
            NumHeadChannels = headChannels,
            UseSpatialTransformer = context is not null,
            ContextDim = context,
        };
}
