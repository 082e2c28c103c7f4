using LatentDiffusion.Data;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Text;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Training.Trainers;

/// <summary>What the sample sheets of a run show.</summary>
/// <param name="Prompts">Prompts, for a model with text.</param>
/// <param name="Examples">Images and what belongs to them, for a model that is shown pictures or boxes.</param>
internal sealed record SheetSubjects(IReadOnlyList<Prompt> Prompts, IReadOnlyList<SheetExample> Examples)
{
    private const int RowsOfCaptions = 8;

    /// <summary>Chooses subjects.</summary>
    /// <param name="experiment">The configuration.</param>
    /// <param name="images">The training images.</param>
    /// <param name="validation">Images that are not trained on, or null.</param>
    public static SheetSubjects Of(DiffusionExperiment experiment, ImageDataset images, ImageDataset? validation)
    {
        var (conditioner, sheet) = (experiment.Conditioner, experiment.Samples);
        return conditioner?.UsesPictures == true
                ? new SheetSubjects([], ExamplesOf(sheet, validation ?? images, conditioner))
            : conditioner?.UsesCaptions == true ? new SheetSubjects(PromptsOf(sheet, images.Source), [])
            : new SheetSubjects([], []);
    }

    private static IReadOnlyList<SheetExample> ExamplesOf(
        SampleSheetConfig sheet,
        ImageDataset images,
        ConditionerConfig conditioner
    ) =>
        [
            .. EvenlySpaced
                .Indices(images.Count, sheet.PerClass)
                .Select(i => new SheetExample(SampleConditions.Of(conditioner, images, i), images.GetImage(i))),
        ];

    private static IReadOnlyList<Prompt> PromptsOf(SampleSheetConfig sheet, IImageSource images)
    {
        if (sheet.Prompts.Count > 0)
        {
            return [.. sheet.Prompts.Select(Prompt.Parse)];
        }

        var captions = ImageConditions.Captions(images).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return [.. EvenlySpaced.Indices(captions.Count, RowsOfCaptions).Select(i => Prompt.Plain(captions[i]))];
    }
}
