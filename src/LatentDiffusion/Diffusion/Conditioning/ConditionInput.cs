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

    /// <summary>Whether this is the null condition of every conditioner.</summary>
    public bool IsNone => ClassId is null && (Prompt is null || Prompt.Parts.Count == 0);

    /// <summary>An image of a class, or of none.</summary>
    public static ConditionInput OfClass(int? classId) => classId is null ? None : new() { ClassId = classId };
}
