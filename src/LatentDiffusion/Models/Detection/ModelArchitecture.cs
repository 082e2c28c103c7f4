using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Detection;

/// <summary>What a checkpoint holds, detected from the names and shapes of its tensors alone.</summary>
/// <param name="Unet">The denoising network, or null.</param>
/// <param name="FirstStage">The first stage, or null.</param>
/// <param name="FirstStagePrefix">What stands before the first stage's names: empty for a first stage on its own.</param>
/// <param name="Conditioner">The conditioner's network, or null for none or an unknown one.</param>
/// <param name="Assumptions">What shapes do not tell and was assumed, in words.</param>
public sealed record ModelArchitecture(
    UnetConfig? Unet,
    FirstStageConfig? FirstStage,
    string FirstStagePrefix,
    ConditionerShape? Conditioner,
    IReadOnlyList<string> Assumptions
)
{
    /// <summary>Detects the architecture of a checkpoint that follows the names of CompVis' models.</summary>
    /// <param name="shapes">Names and shapes of its tensors.</param>
    public static ModelArchitecture Detect(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        List<string> assumptions = [];
        var unet = UnetDetection.Detect(new TensorShapes(shapes, ModelTensors.UnetPrefix), assumptions);
        var inside = FirstStageDetection.Detect(new TensorShapes(shapes, ModelTensors.FirstStagePrefix));
        var firstStage = inside ?? (unet is null ? FirstStageDetection.Detect(new TensorShapes(shapes)) : null);
        return new ModelArchitecture(
            unet,
            firstStage,
            inside is null ? "" : ModelTensors.FirstStagePrefix,
            ConditionerShape.Detect(new TensorShapes(shapes, ModelTensors.ConditionerPrefix)),
            assumptions
        );
    }

    /// <summary>Whether nothing was recognised.</summary>
    public bool IsEmpty => Unet is null && FirstStage is null && Conditioner is null;
}
