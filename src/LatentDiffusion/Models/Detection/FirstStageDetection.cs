using System.Globalization;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Models.Detection;

/// <summary>Finds a first stage's architecture from its tensors' names and shapes.</summary>
internal static class FirstStageDetection
{
    private const int MostLevels = 15;

    // Attention is configured by nominal resolutions, so one has to be assumed; any other would describe the same network.
    private const int NominalResolution = 256;

    /// <returns>The architecture; null where the tensors are not of such a first stage.</returns>
    public static FirstStageConfig? Detect(TensorShapes shapes)
    {
        var levels = shapes.Count("encoder.down");
        if (
            shapes.Size("encoder.conv_in.weight", 0) is not { } channels
            || shapes.Size("encoder.conv_in.weight", 1) is not { } imageChannels
            || shapes.Size("decoder.conv_in.weight", 1) is not { } zChannels
            || shapes.Size("post_quant_conv.weight", 1) is not { } embedDim
            || levels is 0 or > MostLevels
        )
        {
            return null;
        }

        var mults = new int[levels];
        for (var level = 0; level < levels; level++)
        {
            if (shapes.Size($"{Level(level)}.block.0.conv1.weight", 0) is not { } width || width % channels != 0)
            {
                return null;
            }

            mults[level] = width / channels;
        }

        var resolution = Math.Max(NominalResolution, 1 << (levels - 1));
        var network = new AutoencoderConfig
        {
            ImageChannels = imageChannels,
            Channels = channels,
            ChannelMult = mults,
            NumResBlocks = shapes.Count("encoder.down.0.block"),
            Resolution = resolution,
            AttentionResolutions =
            [
                .. Enumerable
                    .Range(0, levels)
                    .Where(level => shapes.HasGroup($"{Level(level)}.attn.0"))
                    .Select(level => resolution >> level),
            ],
            Attention =
                shapes.HasGroup("encoder.mid.attn_1.q") ? AttentionType.Vanilla
                : shapes.HasGroup("encoder.mid.attn_1.to_qkv") ? AttentionType.Linear
                : AttentionType.None,
            ZChannels = zChannels,
        };
        return shapes.Size("quantize.embedding.weight", 0) is { } codes
            ? new VqConfig
            {
                Network = network,
                EmbedDim = embedDim,
                Codes = codes,
            }
            : new KlConfig { Network = network, EmbedDim = embedDim };
    }

    private static string Level(int level) => string.Create(CultureInfo.InvariantCulture, $"encoder.down.{level}");
}
