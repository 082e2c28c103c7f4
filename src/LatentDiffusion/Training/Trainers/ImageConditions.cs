using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Text;

namespace LatentDiffusion.Training.Trainers;

/// <summary>What the data set knows of its images as what conditioners read.</summary>
internal static class ImageConditions
{
    /// <summary>Class and caption of an image of a source.</summary>
    public static ConditionInput Of(ImageRecord record) => Of(record.ClassId, record.Caption);

    /// <summary>Class and caption of every image of a batch.</summary>
    public static IReadOnlyList<ConditionInput> Of(ImageBatch batch) =>
        [.. batch.ClassIds.Zip(batch.Captions, (id, caption) => Of(id < 0 ? null : id, caption))];

    /// <summary>Class ids, -1 for none.</summary>
    public static int[] ClassIds(this IEnumerable<ConditionInput> inputs) =>
        [.. inputs.Select(input => input.ClassId ?? -1)];

    // Captions are no prompts: brackets in them are text.
    private static ConditionInput Of(int? classId, string? caption) =>
        new() { ClassId = classId, Prompt = string.IsNullOrEmpty(caption) ? null : Prompt.Plain(caption) };
}
