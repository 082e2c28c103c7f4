using System.Numerics;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Foreign;

/// <summary>What the channels are that a published UNet takes beside the latents, as far as shapes tell.</summary>
internal static class ExtraChannels
{
    private const int ImageChannels = 3;

    /// <returns>The condition; null where there are no such channels, or the shapes fit none or several.</returns>
    /// <param name="unet">The UNet, which predicts as many channels as the latents have.</param>
    /// <param name="conditioner">The conditioner's network, or null.</param>
    /// <param name="firstStage">The first stage; null for pixels.</param>
    public static SingleConditionerConfig? Guess(
        UnetConfig unet,
        ConditionerShape? conditioner,
        FirstStageConfig? firstStage
    )
    {
        var (latents, extra) = (unet.OutChannels, unet.InChannels - unet.OutChannels);
        var isMasked = extra == latents + 1;
        var isImage = extra == ImageChannels;
        return conditioner switch
        {
            ConditionerShape.Map map when extra == map.OutputChannels => Map(map, StagesFor(firstStage)),
            ConditionerShape.Clip when isMasked => StableInpainting,
            null when unet.UseSpatialTransformer || isMasked == isImage => null,
            null when isMasked => new InpaintingConfig(),
            null when isImage => LowResolution(firstStage),
            _ => null,
        };
    }

    /// <summary>Holes to fill as Stable Diffusion's model for it takes them.</summary>
    public static InpaintingConfig StableInpainting { get; } =
        new() { Convention = InpaintingConvention.StableDiffusion };

    /// <summary>A low-resolution image, which has the latents' size.</summary>
    /// <param name="firstStage">The first stage; null for pixels, where the published scale is assumed.</param>
    /// <param name="kind">How training made such images.</param>
    public static SuperResolutionConfig LowResolution(
        FirstStageConfig? firstStage,
        LowResolutionKind kind = LowResolutionKind.BsrLight
    )
    {
        var usual = new SuperResolutionConfig { Degradation = kind };
        return firstStage is { DownsamplingFactor: > 1 and var factor } ? usual with { Scale = factor } : usual;
    }

    /// <summary>A map of classes; published models were never trained without one.</summary>
    public static SemanticMapConfig Map(
        ConditionerShape.Map map,
        int stages,
        RescaleMethod method = RescaleMethod.Bilinear
    ) =>
        new()
        {
            Channels = map.OutputChannels,
            Stages = stages,
            Method = method,
            DropProbability = 0,
        };

    /// <summary>A condition in words, for what was assumed.</summary>
    public static string InWords(SingleConditionerConfig config) =>
        config switch
        {
            SuperResolutionConfig low => FormattableString.Invariant(
                $"a low-resolution image, {low.Scale} times smaller than the result"
            ),
            InpaintingConfig { Convention: InpaintingConvention.StableDiffusion } =>
                "a mask and an image with holes, as Stable Diffusion takes them",
            InpaintingConfig => "an image with holes and its mask, as LDM takes them",
            SemanticMapConfig => "a label map",
            _ => config.GetType().Name,
        };

    private static int StagesFor(FirstStageConfig? firstStage) =>
        BitOperations.Log2((uint)(firstStage?.DownsamplingFactor ?? 1));
}
