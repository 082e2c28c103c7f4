using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;
using LatentDiffusion.Text;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// What is known of one image, or wanted of one, before it becomes a <see cref="Condition"/>. Every conditioner reads its
/// part; a part that is missing is that conditioner's null condition.
/// </summary>
public sealed record ConditionInput
{
    /// <summary>Nothing: the null condition of every conditioner.</summary>
    public static ConditionInput None { get; } = new();

    /// <summary>The id of the class, or null.</summary>
    public int? ClassId { get; init; }

    /// <summary>The text, or null, which is the empty text.</summary>
    public Prompt? Prompt { get; init; }

    /// <summary>The image at low resolution, or null.</summary>
    public RgbImage? LowResolution { get; init; }

    /// <summary>The image with holes to fill, or null.</summary>
    public MaskedImage? Masked { get; init; }

    /// <summary>The class of every pixel, or null.</summary>
    public LabelMap? Map { get; init; }

    /// <summary>The objects and where they are, or null.</summary>
    public ShownLayout? Layout { get; init; }

    /// <summary>Whether this is the null condition of every conditioner.</summary>
    public bool IsNone =>
        ClassId is null
        && (Prompt is null || Prompt.Parts.Count == 0)
        && LowResolution is null
        && Masked is null
        && Map is null
        && Layout is null;

    /// <summary>An image of a class, or of none.</summary>
    public static ConditionInput OfClass(int? classId) => classId is null ? None : new() { ClassId = classId };
}
