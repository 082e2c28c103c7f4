using LatentDiffusion.Data;
using LatentDiffusion.Data.Annotations;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Text;

namespace LatentDiffusion.Pipelines.Conditions;

/// <summary>What the data set knows of its images as what conditioners read.</summary>
public static class ImageConditions
{
    /// <summary>Class and caption of an image of a source.</summary>
    public static ConditionInput Of(ImageRecord record) => Of(record.ClassId, record.Caption, ImageAnnotations.None);

    /// <summary>All that is known of an image as it looks in an epoch.</summary>
    public static ConditionInput Of(ImageDataset dataset, long epoch, int index)
    {
        var record = dataset.Source.Describe(index);
        return Of(record.ClassId, record.Caption, dataset.Annotate(epoch, index));
    }

    /// <summary>All that is known of every image of a batch.</summary>
    public static IReadOnlyList<ConditionInput> Of(ImageBatch batch) =>
        [
            .. Enumerable
                .Range(0, batch.Count)
                .Select(i =>
                    Of(batch.ClassIds[i] < 0 ? null : batch.ClassIds[i], batch.Captions[i], batch.Annotations[i])
                ),
        ];

    /// <summary>The caption of every image, null where it is empty.</summary>
    public static IEnumerable<string?> Captions(IImageSource images) =>
        Enumerable
            .Range(0, images.Count)
            .Select(i => images.Describe(i).Caption is { Length: > 0 } caption ? caption : null);

    /// <summary>Class ids, -1 for none.</summary>
    public static int[] ClassIds(this IEnumerable<ConditionInput> inputs) =>
        [.. inputs.Select(input => input.ClassId ?? -1)];

    // Captions are no prompts: brackets in them are text.
    private static Prompt? PromptOf(string? caption) => string.IsNullOrEmpty(caption) ? null : Prompt.Plain(caption);

    private static ConditionInput Of(int? classId, string? caption, ImageAnnotations annotations) =>
        new()
        {
            ClassId = classId,
            Prompt = PromptOf(annotations.Caption ?? caption),
            LowResolution = annotations.LowResolution,
            Masked = annotations.Masked,
            Map = annotations.Map,
            Layout = annotations.Layout,
        };
}
