using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Pipelines;

/// <summary>What a sample sheet shows.</summary>
/// <param name="PerClass">Images per class, or in all for an unconditional model.</param>
/// <param name="Steps">Sampler steps.</param>
/// <param name="Guidance">Guidance scale.</param>
/// <param name="Seed">Seed of the first image.</param>
public sealed record SampleSheetRequest(int PerClass, int Steps, double Guidance, long Seed);

/// <summary>Draws samples of every class of a model, one row per class.</summary>
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
        var classes = model.Config.Classes;
        IReadOnlyList<int?> wanted =
            classes.Count > 0
                ? [.. Enumerable.Range(0, classes.Count).SelectMany(c => Enumerable.Repeat((int?)c, request.PerClass))]
                : new int?[request.PerClass];
        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Classes = wanted,
                Seed = request.Seed,
                Steps = request.Steps,
                Guidance = request.Guidance,
            },
            progress,
            cancellation
        );
        return new ContactSheet(classes.Count > 0 ? request.PerClass : Math.Min(UnconditionalColumns, request.PerClass))
        {
            Upscale = Math.Max(1, WantedPixels / model.Config.ImageSize),
            RowCaptions = classes,
        }.Draw(images);
    }
}
