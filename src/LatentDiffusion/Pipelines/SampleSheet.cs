using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;
using LatentDiffusion.Text;

namespace LatentDiffusion.Pipelines;

/// <summary>What a sample sheet shows.</summary>
/// <param name="PerClass">Images per class or prompt, or in all for an unconditional model.</param>
/// <param name="Steps">Sampler steps.</param>
/// <param name="Guidance">Guidance scale.</param>
/// <param name="Seed">Seed of the first image.</param>
public sealed record SampleSheetRequest(int PerClass, int Steps, double Guidance, long Seed)
{
    /// <summary>Prompts to draw, one row each, for a model with text.</summary>
    public IReadOnlyList<Prompt> Prompts { get; init; } = [];

    /// <summary>Images whose conditions are drawn, one row each, for a model that is shown pictures or boxes.</summary>
    public IReadOnlyList<SheetExample> Examples { get; init; } = [];
}

/// <summary>A condition and the image that it was taken from.</summary>
/// <param name="Input">The condition.</param>
/// <param name="Original">The image.</param>
public sealed record SheetExample(ConditionInput Input, RgbImage Original);

/// <summary>Draws samples of every class of a model, or of some prompts, one row each.</summary>
public static class SampleSheet
{
    private const int WantedPixels = 96;
    private const int UnconditionalColumns = 8;

    /// <summary>Samples and draws.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">Counts, steps, guidance, seed.</param>
    /// <param name="progress">Told after every sampler step.</param>
    /// <param name="cancellation">Checked before every sampler step.</param>
    public static RgbImage Draw(
        LatentDiffusionModel model,
        SampleSheetRequest request,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(request);
        if (request.Examples.Count > 0)
        {
            return DrawExamples(model, request, progress, cancellation);
        }

        var rows = Rows(model.Config.Classes, request.Prompts);
        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. rows.SelectMany(row => Enumerable.Repeat(row.Input, request.PerClass))],
                Seed = request.Seed,
                Steps = request.Steps,
                Guidance = request.Guidance,
            },
            progress,
            cancellation
        );
        var named = rows.Count > 1 || rows[0].Name.Length > 0;
        return new ContactSheet(named ? request.PerClass : Math.Min(UnconditionalColumns, request.PerClass))
        {
            Upscale = UpscaleFor(model),
            RowCaptions = named ? [.. rows.Select(row => row.Name)] : [],
        }.Draw(images);
    }

    private static RgbImage DrawExamples(
        LatentDiffusionModel model,
        SampleSheetRequest request,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        var samples = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. request.Examples.Select(example => example.Input)],
                Seed = request.Seed,
                Steps = request.Steps,
                Guidance = request.Guidance,
            },
            progress,
            cancellation
        );
        return Of(
            model.Config,
            [.. request.Examples.Zip(samples, (e, sample) => new ConditionalDraw("", e.Input, e.Original, sample))]
        );
    }

    /// <summary>Draws conditions, samples and real images side by side, one row each.</summary>
    /// <param name="config">The model's description.</param>
    /// <param name="draws">At least one.</param>
    public static RgbImage Of(LatentDiffusionModelConfig config, IReadOnlyList<ConditionalDraw> draws)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(draws);
        var labels = new ConditionLabels(config.MapLabels, config.LayoutLabels);
        var size = draws[0].Original.Width;
        var pictures = draws.Select(draw => ConditionPictures.Of(draw.Input, labels, size)).ToList();
        return new ContactSheet(pictures[0].Count + 2)
        {
            Upscale = Math.Max(1, WantedPixels / size),
            ColumnCaptions = [.. Enumerable.Repeat("input", pictures[0].Count), "sample", "original"],
        }.Draw([.. draws.SelectMany((draw, i) => pictures[i].Append(draw.Sample).Append(draw.Original))]);
    }

    private static int UpscaleFor(LatentDiffusionModel model) => Math.Max(1, WantedPixels / model.Config.ImageSize);

    private static List<(string Name, ConditionInput Input)> Rows(
        IReadOnlyList<string> classes,
        IReadOnlyList<Prompt> prompts
    ) =>
        (prompts.Count, classes.Count) switch
        {
            (> 0, _) =>
            [
                .. prompts.Select(p =>
                    (string.Concat(p.Parts.Select(part => part.Text)), new ConditionInput { Prompt = p })
                ),
            ],
            (_, > 0) => [.. classes.Select((name, id) => (name, ConditionInput.OfClass(id)))],
            _ => [("", ConditionInput.None)],
        };
}
